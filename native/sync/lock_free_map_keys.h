// Key policies of LockFreeMap: how a key becomes a hash, and what one 64-bit key word of a slot says about it.
//
// The bucket is chosen by the top bits of the hash, so a table of any size holds the keys in the order of their hashes:
// a doubled table splits each bucket in two neighbours, and a cursor that says "all hashes below this one are done"
// stays true across a resize.
//
// A policy offers
//   Key                      what callers pass, and get from cursors
//   Probe                    a key with its hash, made once per operation
//   Claim                    the word for a new slot, made when the first free slot is reached and freed unless taken;
//                            that of a probe made from a word is this word, since a move hands the key's node on
//   probe(key, seed), probe_of(word, bucket, bits), matches(word, probe), key_of(probe, seed), discard(word, memory)
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "base/assert.h"
#include "sync/lock_free_map_memory.h"

namespace msgtrans {

// 64-bit keys. The hash is a permutation (the finalizer of MurmurHash3 without its last step, which only mixes low
// bits, and buckets are chosen by the top ones), so it stands for the key: no two keys share one, and the key is
// computed from it. Its top bit is implied by the bucket, which frees the word's lowest to say "claimed": every one of
// the 2^64 keys can be stored.
struct U64Keys {
  using Key = uint64_t;

  struct Probe {
    uint64_t hash;
    uint64_t word;
  };

  class Claim {
   public:
    Claim(const Probe& probe, MapMemory&) : word_(probe.word) {}
    uint64_t word() { return word_; }
    void taken() {}

   private:
    uint64_t word_;
  };

  static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    return x * 0xc4ceb9fe1a85ec53ULL;
  }
  static uint64_t unmix(uint64_t x) {
    x *= 0x9cb4b2f8129337dbULL;  // the inverses of the two factors, modulo 2^64
    x ^= x >> 33;
    x *= 0x4f74430c22a54005ULL;
    return x ^ x >> 33;
  }
  static_assert(0xff51afd7ed558ccdULL * 0x4f74430c22a54005ULL == 1);
  static_assert(0xc4ceb9fe1a85ec53ULL * 0x9cb4b2f8129337dbULL == 1);

  static Probe probe(Key key, uint64_t seed) { return from_hash(mix(key ^ seed)); }
  static Probe probe_of(uint64_t word, uint64_t bucket, uint32_t bits) {
    return from_hash(bucket >> (bits - 1) << 63 | word >> 1);
  }
  static bool matches(uint64_t word, const Probe& probe) { return word == probe.word; }
  static Key key_of(const Probe& probe, uint64_t seed) { return unmix(probe.hash) ^ seed; }
  static constexpr bool kOwnsMemory = false;
  static void discard(uint64_t, MapMemory&) {}

 private:
  static Probe from_hash(uint64_t hash) { return {hash, hash << 1 | 1}; }
};

// A keyed hash of a byte string: 64-bit words folded in by the full product of a multiplication (as in wyhash). The
// seed is the map's own and secret, so that keys chosen by others do not pile up in one bucket.
struct SeededHash {
  static uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  uint64_t operator()(std::string_view bytes, uint64_t seed) const {
    constexpr uint64_t kFactor = 0xa0761d6478bd642fULL;
    constexpr uint64_t kLast = 0xe7037ed1a0b428dbULL;
    uint64_t state = seed ^ fold(bytes.size() ^ kFactor, seed ^ kLast);
    size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + at, 8);
      state = fold(state ^ word, kFactor ^ seed);
    }
    uint64_t rest = 0;
    if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
    return fold(state ^ rest, kLast);
  }
};

// Byte strings. A key lies in a node of its own, which lives as long as the slot that names it; the word has the
// node's address below and 16 bits of the hash above, so that a node is read only where they agree. Keys are compared
// in full.
template <typename Hash = SeededHash>
struct ByteKeys {
  using Key = std::string_view;

  struct Node {
    uint64_t hash;
    uint64_t length;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), length}; }
    [[nodiscard]] size_t size() const { return sizeof(Node) + length; }
  };

  struct Probe {
    uint64_t hash;
    Key key;
    uint64_t word;  // of the node that holds the key, if there is one already
  };

  class Claim {
   public:
    Claim(const Probe& probe, MapMemory& memory) : probe_(probe), memory_(memory), word_(probe.word) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
      if (own_) discard(word_, memory_);
    }
    // 0 when memory is refused.
    uint64_t word() {
      if (word_ != 0) return word_;
      void* const bytes = memory_.allocate(sizeof(Node) + probe_.key.size());
      if (bytes == nullptr) return 0;
      auto* const node = new (bytes) Node{probe_.hash, probe_.key.size()};
      if (!probe_.key.empty()) std::memcpy(node->bytes(), probe_.key.data(), probe_.key.size());
      const auto address = reinterpret_cast<uint64_t>(node);
      MSGTRANS_ASSERT(address >> kAddressBits == 0);
      own_ = true;
      return word_ = address | probe_.hash << kAddressBits;
    }
    void taken() { own_ = false; }

   private:
    const Probe& probe_;
    MapMemory& memory_;
    uint64_t word_;
    bool own_ = false;
  };

  static Probe probe(Key key, uint64_t seed) { return {Hash{}(key, seed), key, 0}; }
  static Probe probe_of(uint64_t word, uint64_t, uint32_t) {
    const Node* const node = node_of(word);
    return {node->hash, node->key(), word};
  }
  static bool matches(uint64_t word, const Probe& probe) {
    if (word == 0) return false;
    if (word == probe.word) return true;
    if (word >> kAddressBits != (probe.hash << kAddressBits) >> kAddressBits) return false;
    const Node* const node = node_of(word);
    return node->hash == probe.hash && node->key() == probe.key;
  }
  static Key key_of(const Probe& probe, uint64_t) { return probe.key; }
  static constexpr bool kOwnsMemory = true;
  static void discard(uint64_t word, MapMemory& memory) {
    Node* const node = node_of(word);
    memory.free(node, node->size());
  }

 private:
  // User space ends at 2^47 on x86-64 and at 2^48 on arm64.
  static constexpr uint32_t kAddressBits = 48;

  static Node* node_of(uint64_t word) {
    return reinterpret_cast<Node*>(word & ((uint64_t{1} << kAddressBits) - 1));
  }
};

}  // namespace msgtrans
