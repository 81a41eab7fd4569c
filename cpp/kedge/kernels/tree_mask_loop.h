// The loop over groups of trees, once for each instruction set. Included where KEDGE_TARGET says
// for which, inside the file's own namespace, after
//   Lanes, a register of kLanes bytes, one for each tree, and all_leaves(): every bit of it
//   left_of(left, stays, kept): of what is left what is kept, or all where the tree stays left
//   first_of(left, first): which leaf is the first one left in each byte, `first` being its lowest
//     bit; 255 where none is
//   nearer(a, b), the smaller of each byte; put(leaves, lanes)
//   and what has the codes, `stay(slots, tests)` of which is where no code exceeds its test.

// One step of those that have leaves of `kByte` and all before.
template <std::size_t kByte, class Codes>
KEDGE_TARGET inline const std::uint8_t* ask(const std::uint8_t* step, const Codes& codes,
                                            Lanes* left) {
  const Lanes stays = codes.stay(step, step + kLanes);
  step += 2 * kLanes;
  for (std::size_t byte = 0; byte <= kByte; ++byte, step += kLanes) {
    left[byte] = left_of(left[byte], stays, step);
  }
  return step;
}

// What is left of each eight leaves stays in a register: `kByte` is known where it is used.
template <std::size_t kByte, class Codes>
KEDGE_TARGET inline Lanes ask_all(const std::uint8_t* step, std::size_t steps, const Codes& codes,
                                  Lanes* left) {
  left[kByte] = all_leaves();
  if constexpr ((kByte + 1) * kMaskByteLeaves < kMostMaskLeaves) {
    if (steps >= kMaskByteLeaves) {
#pragma GCC unroll 8
      for (std::size_t s = 0; s < kMaskByteLeaves; ++s) step = ask<kByte>(step, codes, left);
      const Lanes later = ask_all<kByte + 1>(step, steps - kMaskByteLeaves, codes, left);
      return nearer(first_of(left[kByte], kByte * kMaskByteLeaves), later);
    }
  }
  for (std::size_t s = 0; s < steps; ++s) step = ask<kByte>(step, codes, left);
  return first_of(left[kByte], kByte * kMaskByteLeaves);
}

template <class Codes>
KEDGE_TARGET void leaves_by(const MaskPlan& plan, const Codes& codes, std::uint8_t* leaves) {
  for (const MaskGroup& group : plan.groups) {
    Lanes left[kMostMaskLeaves / kMaskByteLeaves];
    put(leaves, ask_all<0>(plan.steps + group.first_byte, group.steps, codes, left));
    leaves += kLanes;
  }
}
