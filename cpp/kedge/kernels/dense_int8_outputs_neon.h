// From sums in NEON's registers to a row's bytes or floats, and from floats to bytes, for the
// kernels that differ in how they multiply. Included as dense_int8_loop is, after `Sums`:
// `total(i)` of it are the sums of four outputs, and its first four `lanes` take what becomes of
// them.

// Weights are multiplied as w + 128, so that both factors are bytes without a sign: what a row has
// too much is the same for all its outputs.
KEDGE_TARGET inline uint32x4_t surplus(const std::uint8_t* x, std::size_t groups) {
  uint32x4_t sums = vdupq_n_u32(0);
  std::size_t at = 0;
  for (; at + 16 <= groups * 4; at += 16) {
    sums = vpadalq_u16(sums, vpaddlq_u8(vld1q_u8(x + at)));
  }
  const uint32x2_t two = vadd_u32(vget_low_u32(sums), vget_high_u32(sums));
  std::uint32_t sum = vget_lane_u32(two, 0) + vget_lane_u32(two, 1);
  for (; at < groups * 4; ++at) sum += x[at];
  return vdupq_n_u32(128 * sum);
}

KEDGE_TARGET inline uint8x16_t unsigned_weights(const std::int8_t* weights) {
  return veorq_u8(vreinterpretq_u8_s8(vld1q_s8(weights)), vdupq_n_u8(128));
}

KEDGE_TARGET inline uint8x16_t spread_group(const std::uint8_t* x) {
  std::uint32_t four;
  __builtin_memcpy(&four, x, 4);
  return vreinterpretq_u8_u32(vdupq_n_u32(four));
}

// Four whole numbers that fit 32 bits. The rounding shift is that of the definition.
KEDGE_TARGET inline int32x4_t scaled(int32x4_t sums, const std::int32_t* channels) {
  const int32x4_t factors = vld1q_s32(channels + kInt8Lanes);
  const int32x4_t shifts = vnegq_s32(vld1q_s32(channels + 2 * kInt8Lanes));
  const int64x2_t low = vmull_s32(vget_low_s32(sums), vget_low_s32(factors));
  const int64x2_t high = vmull_s32(vget_high_s32(sums), vget_high_s32(factors));
  const int64x2_t low_shifts = vmovl_s32(vget_low_s32(shifts));
  const int64x2_t high_shifts = vmovl_s32(vget_high_s32(shifts));
  return vcombine_s32(vmovn_s64(vrshlq_s64(low, low_shifts)),
                      vmovn_s64(vrshlq_s64(high, high_shifts)));
}

KEDGE_TARGET inline uint8x16_t as_bytes(const int32x4_t (&whole)[4]) {
  const int16x8_t low = vcombine_s16(vqmovn_s32(whole[0]), vqmovn_s32(whole[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32(whole[2]), vqmovn_s32(whole[3]));
  return vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
}

template <bool kToBytes>
struct Outputs {
  static_assert(kToBytes);
  const std::int32_t* channels;
  int32x4_t zero;

  KEDGE_TARGET Outputs(const std::int32_t* of_panel, const Int8Call& call)
      : channels(of_panel), zero(vdupq_n_s32(call.zero)) {}

  KEDGE_TARGET void apply(Sums& sums) const {
    for (std::size_t i = 0; i < 4; ++i) {
      const int32x4_t total = vreinterpretq_s32_u32(sums.total(i));
      sums.lanes[i] = vreinterpretq_u32_s32(vaddq_s32(scaled(total, channels + 4 * i), zero));
    }
  }
  KEDGE_TARGET static void store(const Sums (&sums)[1], const Int8Call& call, std::size_t at) {
    int32x4_t whole[4];
    for (std::size_t i = 0; i < 4; ++i) whole[i] = vreinterpretq_s32_u32(sums[0].lanes[i]);
    const uint8x16_t low = vdupq_n_u8(static_cast<std::uint8_t>(call.relu ? call.zero : 0));
    vst1q_u8(static_cast<std::uint8_t*>(call.out) + at, vmaxq_u8(as_bytes(whole), low));
  }
};

#if defined(__aarch64__)

template <>
struct Outputs<false> {
  const std::int32_t* channels;

  KEDGE_TARGET Outputs(const std::int32_t* of_panel, const Int8Call&) : channels(of_panel) {}

  KEDGE_TARGET void apply(Sums& sums) const {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int32_t* of_four = channels + 4 * i;
      const float32x4_t scale = vreinterpretq_f32_s32(vld1q_s32(of_four + kInt8Lanes));
      const float32x4_t offset = vreinterpretq_f32_s32(vld1q_s32(of_four + 2 * kInt8Lanes));
      const float32x4_t total = vcvtq_f32_s32(vreinterpretq_s32_u32(sums.total(i)));
      sums.lanes[i] = vreinterpretq_u32_f32(vaddq_f32(vmulq_f32(total, scale), offset));
    }
  }
  KEDGE_TARGET static void store(const Sums (&sums)[1], const Int8Call& call, std::size_t at) {
    for (std::size_t i = 0; i < 4; ++i) {
      float32x4_t value = vreinterpretq_f32_u32(sums[0].lanes[i]);
      if (call.relu) value = vbslq_f32(vcltzq_f32(value), vdupq_n_f32(0), value);
      vst1q_f32(static_cast<float*>(call.out) + at + 4 * i, value);
    }
  }
};

// Those of sixteen columns that are there; in the others all is zero.
struct Columns {
  std::size_t count;
  float factors[kInt8Lanes];
  float zeros[kInt8Lanes];

  KEDGE_TARGET Columns(const float* of_factors, const float* of_zeros, std::size_t columns)
      : count(columns) {
    take(of_factors, factors);
    take(of_zeros, zeros);
  }
  KEDGE_TARGET void take(const float* from, float* to) const {
    for (std::size_t j = 0; j < kInt8Lanes; ++j) to[j] = j < count ? from[j] : 0;
  }
  KEDGE_TARGET int32x4_t whole(const float* x, std::size_t j) const {
    const float32x4_t zero = vld1q_f32(zeros + j);
    float32x4_t value = vmulq_f32(vld1q_f32(x), vld1q_f32(factors + j));
    const uint32x4_t is_number = vceqq_f32(value, value);
    value = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(value), is_number));
    value = vmaxq_f32(value, vnegq_f32(zero));
    value = vminq_f32(value, vsubq_f32(vdupq_n_f32(255), zero));
    return vaddq_s32(vcvtnq_s32_f32(value), vcvtnq_s32_f32(zero));
  }
  KEDGE_TARGET void quantize(const float* x, std::uint8_t* out) const {
    float room[kInt8Lanes];
    if (count < kInt8Lanes) {
      take(x, room);
      x = room;
    }
    const int32x4_t bytes[4] = {whole(x, 0), whole(x + 4, 4), whole(x + 8, 8), whole(x + 12, 12)};
    vst1q_u8(out, as_bytes(bytes));
  }
};

#endif
