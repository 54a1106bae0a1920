# The suites' addon and the counted program, apart from the product: `npm run suite`, `npm run instructions`, scenarios over
# threads and the tests build them, `npm run build` does not.
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
    {
      # Hot paths whose instructions `npm run instructions` counts: without Node.js around them, and without rivals.
      'target_name': 'instruction_counts',
      'type': 'executable',
      'sources': [
        'counted/directory_paths.cc',
        'counted/instruction_counts.cc',
        'counted/map_paths.cc',
        'counted/packet_paths.cc',
        'counted/pool_paths.cc',
        '<!@(grep -v "^#" loops.list | grep -v "^loops/" | sed "s|^|../|")',
      ],
    },
  ],
}
