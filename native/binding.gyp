# node-gyp's build: the addon and the programs. Engine sources are listed once, in sources.list.
{
  'target_defaults': {
    'include_dirs': ['.'],
    'cflags!': ['-fno-exceptions'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': [
      '-std=c++20', '-O3', '-g', '-Wall', '-Wextra', '-Wshadow',
      '-fvisibility=hidden', '-fstack-protector-strong', '-fstack-clash-protection', '-D_FORTIFY_SOURCE=3',
    ],
    'ldflags': ['-Wl,-z,relro,-z,now,-z,noexecstack'],
    'conditions': [
      ['target_arch=="x64"', {'cflags_cc': ['-fcf-protection=full', '-march=x86-64-v2']}],
    ],
  },
  'targets': [
    {
      'target_name': 'msgtrans',
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'cflags_cc!': ['-Wshadow'],  # napi-inl.h shadows; the CMake build keeps the warning for our own files
      'sources': [
        '<!@(grep -v "^#" sources.list)',
        'binding/addon.cc',
        'binding/borrowed_memory.cc',
        'binding/event_queue_door.cc',
        'binding/lock_free_map_door.cc',
        'binding/reactor_binding.cc',
        'binding/reactor_counters.cc',
        'binding/reactor_door.cc',
        'binding/reactor_door_sends.cc',
        'binding/reactor_setup.cc',
        'binding/send_buffers.cc',
        'binding/topology_door.cc',
        'binding/shared_map.cc',
        'binding/uv_handles.cc',
        'binding/view_ledger.cc',
      ],
      # An addon that is unloaded while a finalizer is still to run would take the process with it.
      'ldflags': ['-Wl,-z,nodelete'],
    },
    {
      'target_name': 'load_generator',
      'type': 'executable',
      'sources': ['<!@(grep -v "^#" programs/load_generator.list)'],
    },
    {
      'target_name': 'limit_server',
      'type': 'executable',
      'sources': ['<!@(grep -v "^#" programs/limit_server.list)'],
    },
    {
      'target_name': 'layout_constants',
      'type': 'executable',
      'sources': ['<!@(grep -v "^#" programs/layout_constants.list)'],
    },
  ],
}
