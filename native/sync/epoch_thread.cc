#include "sync/epoch_thread.h"

#include <pthread.h>

#include <new>

namespace msgtrans {

namespace {

constinit thread_local ProcessEpoch::Participant* own_participant = nullptr;

void give_back(void* participant) {
  // Other exit hooks of this thread may still come here and claim anew; the key then calls us once more.
  own_participant = nullptr;
  process_epoch().give_back(static_cast<ProcessEpoch::Participant*>(participant));
}

pthread_key_t make_exit_key() {
  pthread_key_t key;
  if (::pthread_key_create(&key, give_back) != 0) throw std::bad_alloc();
  return key;
}

}  // namespace

ProcessEpoch& process_epoch() {
  static ProcessEpoch& domain = *new ProcessEpoch;
  return domain;
}

ProcessEpoch::Participant* this_thread_participant() {
  if (own_participant != nullptr) [[likely]] return own_participant;
  pthread_key_t exit_key{};
  ProcessEpoch::Participant* participant = nullptr;
  try {
    static const pthread_key_t key = make_exit_key();
    exit_key = key;
    participant = process_epoch().claim();
  } catch (const std::bad_alloc&) {
    // Made by whoever asks next.
  }
  if (participant == nullptr) return nullptr;
  if (::pthread_setspecific(exit_key, participant) != 0) {
    process_epoch().give_back(participant);
    return nullptr;
  }
  own_participant = participant;
  return participant;
}

}  // namespace msgtrans
