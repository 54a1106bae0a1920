// A first-in first-out queue that never asks the allocator for anything once it is made: it lies in address space that is
// reserved for as many elements as there can ever be. What a burst took of it beyond kKeptBytes goes back to the kernel
// when the queue is empty again.
//
// For what must not be lost when memory is short, and has a bound that is large and rarely comes near: an end of a session
// that nobody is told of would be an open session for ever.
//
// A ring whose size doubles in place: the elements that had wrapped around move behind the old end.
//
// Thread: the owner's.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "memory/mapping.h"
#include "memory/page_advice.h"

namespace msgtrans {

template <typename T>
class ReservedQueue {
  static_assert(std::is_trivially_copyable_v<T>, "elements are moved as bytes, and dropped without a destructor");

 public:
  static constexpr size_t kFirstSize = 256;
  // Kept for the next burst: to touch a page again costs a microsecond, so only large ones give theirs back.
  static constexpr size_t kKeptBytes = 256 * 1024;

  // `count_max` is a power of two and at least kFirstSize. Throws std::bad_alloc when the address space is refused.
  explicit ReservedQueue(size_t count_max) : memory_(Mapping::create(count_max * sizeof(T))), count_max_(count_max) {
    MSGTRANS_ASSERT(count_max >= kFirstSize && (count_max & (count_max - 1)) == 0);
    if (!memory_.valid()) throw std::bad_alloc();
  }
  ReservedQueue(const ReservedQueue&) = delete;
  ReservedQueue& operator=(const ReservedQueue&) = delete;

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] const T& front() const { return elements()[head_]; }

  void push_back(const T& element) {
    if (count_ == size_) [[unlikely]] grow();
    elements()[(head_ + count_) & (size_ - 1)] = element;
    ++count_;
  }

  void pop_front() {
    MSGTRANS_ASSERT(count_ > 0);
    head_ = (head_ + 1) & (size_ - 1);
    if (--count_ == 0 && size_ * sizeof(T) > kKeptBytes) [[unlikely]] shrink();
  }

 private:
  [[nodiscard]] T* elements() const { return reinterpret_cast<T*>(memory_.data()); }

  void grow() {
    // The bound is the caller's reason to use this: to go on without the element would be worse than to end here.
    MSGTRANS_ASSERT(size_ < count_max_);
    std::memcpy(elements() + size_, elements(), head_ * sizeof(T));
    size_ *= 2;
  }

  void shrink() {
    give_back_pages(memory_.data() + kKeptBytes, size_ * sizeof(T) - kKeptBytes);
    size_ = kFirstSize;
    head_ = 0;
  }

  Mapping memory_;
  size_t count_max_;
  size_t size_ = kFirstSize;
  size_t head_ = 0;
  size_t count_ = 0;
};

}  // namespace msgtrans
