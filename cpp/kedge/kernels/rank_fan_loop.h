// The loop over fans, once for each instruction set. Included where KEDGE_TARGET says for which,
// inside the file's own namespace, after a function `reached`: how many of a block's cuts a value
// reaches.

template <class Value>
KEDGE_TARGET void fan_ranks(const Fan* fans, const Value* cuts, const Value* values,
                            std::size_t length, std::uint32_t* ranks) {
  for (const Fan* const end = fans + length; fans < end; ++fans) {
    const Value value = *values++;
    std::uint32_t rank = reached(value, cuts + fans->start[0]);
    for (std::uint32_t level = 1; level < fans->levels; ++level) {
      rank = 16 * rank + reached(value, cuts + fans->start[level] + 16 * rank);
    }
    *ranks++ = rank;
  }
}
