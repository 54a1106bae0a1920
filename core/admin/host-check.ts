/**
 * Whether a request was meant for this endpoint, by its `Host` header.
 *
 * A web page can have its own host name resolve to 127.0.0.1 and then read what a local server answers to it (DNS
 * rebinding); its browser still sends the page's name. So only names that mean this machine are taken, with the port
 * that the endpoint has.
 *
 * @param hosts every `Host` header of the request
 * @param address the address the endpoint listens on
 */
export function isHostAllowed(hosts: readonly string[] | undefined, port: number, address: string): boolean {
  if (hosts?.length !== 1) return false;
  const given = hosts[0].toLowerCase();
  const own = address.includes(':') ? `[${address}]` : address;
  return ['127.0.0.1', 'localhost', '[::1]', own].some(
    (name) => given === `${name}:${port}` || (port === 80 && given === name),
  );
}
