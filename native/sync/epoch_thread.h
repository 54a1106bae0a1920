// The epoch domain of the process, and the calling thread's participant in it.
//
// Any thread. The domain is made on first use and never destroyed, so that nothing has to be ordered at the end of the
// process; a thread's participant is given back when the thread ends, by a key of the thread library, since a
// thread_local with a destructor would tie the addon's unloading to it.
#pragma once

#include "sync/epoch.h"

namespace msgtrans {

using ProcessEpoch = EpochDomain<StdAtomics>;

ProcessEpoch& process_epoch();

// nullptr when memory is refused.
ProcessEpoch::Participant* this_thread_participant();

}  // namespace msgtrans
