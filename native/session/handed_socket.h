// An accepted connection on its way to the reactor that is to serve it.
//
// It knows its listener: whoever cannot serve it, because it ended or does not listen any more, finds another member
// that can.
#pragma once

#include <memory>
#include <utility>

#include "base/unique_fd.h"
#include "session/shared_listener.h"

namespace msgtrans {

struct HandedSocket {
  HandedSocket(UniqueFd accepted, std::shared_ptr<SharedListener> from)
      : fd(std::move(accepted)), listener(std::move(from)) {}

  UniqueFd fd;
  std::shared_ptr<SharedListener> listener;
};

}  // namespace msgtrans
