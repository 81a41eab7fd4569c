// From sums in registers of 512 bits to a row's bytes or floats, for the kernels that add them up
// there or in tiles. Included as dense_int8_loop is.

// What a panel's sums are multiplied with. Where every shift is between 32 and 54, as nearly
// always, the zero goes into the half and only the upper words of the products are shifted.
template <bool kToBytes>
struct Scaling {
  __m512i factors[2];  // of the even outputs, of the odd ones
  __m512i halves[2];
  __m512i shifts[2];
  __m512i upper_shifts;
  __m512i zero;
  bool is_plain;

  KEDGE_TARGET Scaling(const std::int32_t* channels, std::int32_t zero_byte) {
    const __m512i shift = _mm512_load_si512(channels + 2 * kInt8Lanes);
    const __m512i one = _mm512_set1_epi64(1);
    upper_shifts = _mm512_sub_epi32(shift, _mm512_set1_epi32(32));
    is_plain = _mm512_cmple_epu32_mask(upper_shifts, _mm512_set1_epi32(54 - 32)) == 0xffff;
    zero = _mm512_set1_epi32(zero_byte);
    factors[0] = _mm512_load_si512(channels + kInt8Lanes);
    factors[1] = _mm512_srli_epi64(factors[0], 32);
    shifts[0] = _mm512_and_si512(shift, _mm512_set1_epi64(0xffffffff));
    shifts[1] = _mm512_srli_epi64(shift, 32);
    const __m512i lifted = _mm512_set1_epi64(is_plain ? zero_byte : 0);
    for (int i = 0; i < 2; ++i) {
      halves[i] = _mm512_add_epi64(_mm512_sllv_epi64(one, _mm512_sub_epi64(shifts[i], one)),
                                   _mm512_sllv_epi64(lifted, shifts[i]));
    }
  }

  KEDGE_TARGET __m512i product(__m512i sums, int i) const {
    return _mm512_add_epi64(_mm512_mul_epi32(sums, factors[i]), halves[i]);
  }
  KEDGE_TARGET __m512i apply(__m512i sums) const {
    const __m512i even = product(sums, 0);
    const __m512i odd = product(_mm512_srli_epi64(sums, 32), 1);
    if (__builtin_expect(is_plain, 1)) {
      const __m512i upper = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
      return _mm512_srav_epi32(upper, upper_shifts);
    }
    const __m512i above = _mm512_slli_epi64(_mm512_srav_epi64(odd, shifts[1]), 32);
    return _mm512_add_epi32(
        _mm512_mask_blend_epi32(0xaaaa, _mm512_srav_epi64(even, shifts[0]), above), zero);
  }
};

template <>
struct Scaling<false> {
  __m512 scale;
  __m512 offset;

  KEDGE_TARGET Scaling(const std::int32_t* channels, std::int32_t)
      : scale(_mm512_load_ps(channels + kInt8Lanes)),
        offset(_mm512_load_ps(channels + 2 * kInt8Lanes)) {}

  KEDGE_TARGET __m512i apply(__m512i sums) const {
    return _mm512_castps_si512(
        _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), scale), offset));
  }
};

// Whole numbers of up to four panels, saturated to bytes: packing goes by quarters of a register,
// of which each then has four outputs of every panel.
template <std::size_t kPanels>
KEDGE_TARGET inline void store_bytes(const __m512i (&lanes)[kPanels], __m512i low,
                                     std::uint8_t* to) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i first = _mm512_packs_epi32(lanes[0], lanes[1 % kPanels]);
  const __m512i second =
      kPanels < 3 ? first : _mm512_packs_epi32(lanes[2 % kPanels], lanes[3 % kPanels]);
  const __m512i bytes =
      _mm512_max_epu8(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(first, second)), low);
  if constexpr (kPanels == 4) {
    _mm512_storeu_si512(to, bytes);
  } else if constexpr (kPanels == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(bytes));
  } else {
    static_assert(kPanels == 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(bytes));
  }
}

template <bool kToBytes, std::size_t kPanels>
KEDGE_TARGET inline void store_panels(const __m512i (&lanes)[kPanels], const Int8Call& call,
                                      std::size_t at) {
  if constexpr (kToBytes) {
    const __m512i low = _mm512_set1_epi8(static_cast<char>(call.relu ? call.zero : 0));
    store_bytes(lanes, low, static_cast<std::uint8_t*>(call.out) + at);
  } else {
    for (std::size_t p = 0; p < kPanels; ++p) {
      __m512 value = _mm512_castsi512_ps(lanes[p]);
      if (call.relu) value = _mm512_max_ps(_mm512_setzero_ps(), value);
      _mm512_storeu_ps(static_cast<float*>(call.out) + at + p * kInt8Lanes, value);
    }
  }
}
