// The loops over blocks of values, compiled once in each instruction set's file, inside its
// anonymous namespace: KEDGE_TARGET is the file's target attribute. An indexer turns a run of
// values into slots; it lives through the whole call, so that its constants stay in registers.
//
// No include guard: the text is part of the file that includes it.

// Slots are found for a block and then counted. The two loops use different ports of the core, so a
// block is short enough for one to start while the other ends. The prefetches 4 kB ahead run while
// the counters do not need the memory (25 % at 1e6 values).
constexpr std::size_t kBlock = 128;
constexpr std::size_t kPrefetchBytes = 4096;

// An increment of the counter that was incremented last waits five cycles for it. Where there are
// few cells, so that this is common, eight copies of the counters take turns.
constexpr std::uint32_t kFewLanes = 8;
constexpr std::uint32_t kFewSlots = 512;
// An atom's counter, or that of null, is busy whatever the number of cells: with 40 % zeros,
// counting takes 0.8 ns a value, and 0.35 with four copies. Their 64 kB are what a thread's stack
// bears.
constexpr std::uint32_t kAtomLanes = 4;
constexpr std::uint32_t kAtomSlots = 4096 + kExtraSlots;

// Lane i % kLanes of the counters gets value i; with a stride of 0 there is one lane.
template <std::uint32_t kLanes, class Value>
KEDGE_TARGET inline void add_slots(const std::uint32_t* slots, std::size_t length,
                                   const Value* values, std::uint32_t stride,
                                   std::uint32_t* counts) {
  const std::size_t whole = length - length % 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    __builtin_prefetch(reinterpret_cast<const char*>(values + i) + kPrefetchBytes);
    for (std::size_t j = 0; j < 8; ++j) ++counts[j % kLanes * stride + slots[i + j]];
  }
  for (std::size_t i = whole; i < length; ++i) ++counts[slots[i]];
}

// Puts the null slot where the bit is clear: eight at a time, by the file's own keep_valid, and
// without a branch, which nulls at random places would make as dear as the counting.
KEDGE_TARGET inline void put_nulls(std::uint32_t null, const std::uint8_t* validity,
                                   std::size_t offset, std::size_t length, std::uint32_t* slots) {
  const std::size_t whole = length - length % 8;
  const std::size_t shift = offset % 8;
  const std::uint8_t* bytes = validity + offset / 8;
  for (std::size_t i = 0; i < whole; i += 8, ++bytes) {
    const std::uint32_t next = shift == 0 ? 0 : bytes[1];
    keep_valid(((bytes[0] | (next << 8)) >> shift) & 0xff, null, slots + i);
  }
  for (std::size_t i = whole; i < length; ++i) {
    const std::size_t bit = offset + i;
    if (((validity[bit / 8] >> (bit % 8)) & 1) == 0) slots[i] = null;
  }
}

template <class Indexer, class Value>
KEDGE_TARGET inline void index_block(const Indexer& index, const CellPlan& plan,
                                     const CellValues<Value>& in, std::size_t start,
                                     std::size_t length, std::uint32_t* slots) {
  index(in.values + start, length, slots);
  if (in.validity != nullptr) {
    put_nulls(plan.cells + 3, in.validity, in.validity_offset + start, length, slots);
  }
}

template <std::uint32_t kLanes, class Indexer, class Value>
KEDGE_TARGET inline void count_blocks(const Indexer& index, const CellPlan& plan,
                                      const CellValues<Value>& in, std::uint32_t stride,
                                      std::uint32_t* counts) {
  alignas(64) std::uint32_t slots[kBlock];
  const std::size_t rest = in.length % kBlock;
  const std::size_t whole = in.length - rest;
  for (std::size_t start = 0; start < whole; start += kBlock) {
    index_block(index, plan, in, start, kBlock, slots);
    add_slots<kLanes>(slots, kBlock, in.values + start, stride, counts);
  }
  index_block(index, plan, in, whole, rest, slots);
  add_slots<kLanes>(slots, rest, in.values + whole, stride, counts);
}

struct Index {
  template <class Indexer, class Value>
  KEDGE_TARGET static void run(const Indexer& index, const CellPlan& plan,
                               const CellValues<Value>& in, std::uint32_t* slots) {
    index_block(index, plan, in, 0, in.length, slots);
  }
};

struct Count {
  template <class Indexer, class Value>
  KEDGE_TARGET static void run(const Indexer& index, const CellPlan& plan,
                               const CellValues<Value>& in, std::uint32_t* counts) {
    const std::uint32_t slots = plan.cells + kExtraSlots;
    if (slots <= kFewSlots && in.length >= std::size_t{kFewLanes} * slots) {
      run_lanes<kFewLanes, kFewSlots>(index, plan, in, counts);
    } else if ((plan.atom_count > 0 || in.validity != nullptr) && slots <= kAtomSlots &&
               in.length >= std::size_t{kAtomLanes} * slots) {
      run_lanes<kAtomLanes, kAtomSlots>(index, plan, in, counts);
    } else {
      count_blocks<kFewLanes>(index, plan, in, 0, counts);
    }
  }

  // Apart, so that calls without copies need no stack for them.
  template <std::uint32_t kLanes, std::uint32_t kMostSlots, class Indexer, class Value>
  [[gnu::noinline]] KEDGE_TARGET static void run_lanes(const Indexer& index, const CellPlan& plan,
                                                       const CellValues<Value>& in,
                                                       std::uint32_t* counts) {
    const std::uint32_t slots = plan.cells + kExtraSlots;
    std::uint32_t lanes[kLanes * kMostSlots];
    __builtin_memset(lanes, 0, sizeof(std::uint32_t) * kLanes * slots);
    count_blocks<kLanes>(index, plan, in, slots, lanes);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      for (std::uint32_t i = 0; i < slots; ++i) counts[i] += lanes[lane * slots + i];
    }
  }
};
