/**
 * JSON for a `<script type="application/json">` element. With every `<` escaped neither `</script>` nor
 * `<!--` can end or change the element, whatever the data says; U+2028 and U+2029 are line ends in older
 * JavaScript.
 */
export function escapedJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
