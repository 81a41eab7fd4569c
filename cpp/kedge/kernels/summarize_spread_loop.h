// Included by each variant, in its namespace, after it has defined KEDGE_TARGET: compilers turn the
// fused operations into instructions where the target has them.

KEDGE_TARGET inline void spreads_of(const std::byte* const* states, std::size_t offset,
                                    std::size_t length, double* spreads) {
  for (std::size_t i = 0; i < length; ++i) {
    const std::byte* const state = states[i] + offset;
    const auto count = static_cast<double>(*reinterpret_cast<const std::uint64_t*>(state));
    const auto* const words = reinterpret_cast<const double*>(state);
    const double sum = words[1] + words[3];
    const double sum_rest = words[3] - (sum - words[1]);
    const double squared = sum * sum;
    const double squared_rest = __builtin_fma(sum, sum, -squared) + 2 * sum * sum_rest;
    const double squares = words[2] * count;
    const double squares_rest = __builtin_fma(words[2], count, -squares) + words[4] * count;
    const double spread = squares - squared;
    const double taken = spread - squares;
    const double rest = (squares - (spread - taken)) - (squared + taken);
    spreads[i] = spread + (rest + (squares_rest - squared_rest));
  }
}
