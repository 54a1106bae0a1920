# The suites' addon, apart from the product's: `npm run suite`, scenarios over threads and the tests build it, `npm run build` does not.
# Rivals come from Debian packages; where a header is absent, its arms say so at run time.
{
  'target_defaults': {
    'include_dirs': ['..'],
    'cflags!': ['-fno-exceptions'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
    # The same optimisation and hardening as the product: what is measured is what is shipped.
    'cflags_cc': [
      '-std=c++20', '-O3', '-g', '-Wall', '-Wextra',
      '-fvisibility=hidden', '-fstack-protector-strong', '-fstack-clash-protection', '-D_FORTIFY_SOURCE=3',
    ],
    'ldflags': ['-Wl,-z,relro,-z,now,-z,noexecstack'],
    'conditions': [
      ['target_arch=="x64"', {'cflags_cc': ['-fcf-protection=full', '-march=x86-64-v2']}],
    ],
  },
  'targets': [
    {
      'target_name': 'suite_loops',
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'sources': [
        '../binding/loops_addon.cc',
        '<!@(grep -v "^#" loops.list | sed "s|^|../|")',
      ],
      'libraries': ['<!@(node ../../ci/bootstrap/rival-libraries.mjs)'],
      'ldflags': ['-Wl,-z,nodelete'],
    },
  ],
}
