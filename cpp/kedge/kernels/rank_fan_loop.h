// The loop over fans, once for each instruction set. Included where KEDGE_TARGET says for which,
// inside the file's own namespace, after a function `reached`: how many of a block's cuts a value
// reaches.

template <class Value>
KEDGE_TARGET void fan_ranks(const Fan* fans, const Value* cuts, const Value* values,
                            std::size_t length, std::uint32_t* ranks) {
  for (std::size_t i = 0; i < length; ++i) {
    const Fan& fan = fans[i];
    std::uint32_t rank = reached(values[i], cuts + fan.start[0]);
    for (std::uint32_t level = 1; level < fan.levels; ++level) {
      rank = 16 * rank + reached(values[i], cuts + fan.start[level] + 16 * rank);
    }
    ranks[i] = rank;
  }
}
