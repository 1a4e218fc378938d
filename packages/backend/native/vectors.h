// Vectors as wide as the processor's registers, of float32, or of bfloat16 that is widened when it is loaded and rounded when it
// is stored.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace scratch {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
#elif defined(__AVX__)
constexpr int64_t kLanes = 8;
#else
constexpr int64_t kLanes = 4;
#endif
using Floats = float __attribute__((vector_size(4 * kLanes)));
using Ints = int32_t __attribute__((vector_size(4 * kLanes)));
using Words = uint32_t __attribute__((vector_size(4 * kLanes)));
using Halves = uint16_t __attribute__((vector_size(2 * kLanes)));

struct BFloat16 {
  uint16_t bits;
};

// How many lanes count: all, or the first ones, where a row ends.
struct All {
  static constexpr int64_t count = kLanes;
};
struct First {
  const int64_t count;
};

template <class Body>
inline void eachVector(int64_t begin, int64_t end, Body body) {
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) body(i, All{});
  if (i < end) body(i, First{end - i});
}

template <class Lanes>
inline Floats load(const float* from, Lanes lanes) {
  Floats values{};
  std::memcpy(&values, from, 4 * lanes.count);
  return values;
}

template <class Lanes>
inline Floats load(const BFloat16* from, Lanes lanes) {
  Halves halves{};
  std::memcpy(&halves, from, 2 * lanes.count);
  return (Floats)(__builtin_convertvector(halves, Words) << 16);
}

template <class Lanes>
inline void store(float* to, Floats values, Lanes lanes) {
  std::memcpy(to, &values, 4 * lanes.count);
}

// Rounded to the nearest, ties to even; NaN stays NaN.
template <class Lanes>
inline void store(BFloat16* to, Floats values, Lanes lanes) {
  const Words bits = (Words)values;
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const Halves halves = __builtin_convertvector(values == values ? rounded : Words{} + 0x7fc0, Halves);
  std::memcpy(to, &halves, 2 * lanes.count);
}

// 0 in the lanes that do not count.
template <class Lanes>
inline Floats only(Floats values, Lanes lanes) {
  for (int64_t lane = lanes.count; lane < kLanes; lane++) values[lane] = 0;
  return values;
}

inline float sum(Floats values) {
  float total = 0;
  for (int64_t lane = 0; lane < kLanes; lane++) total += values[lane];
  return total;
}

inline Floats squareRoot(Floats values) {
  Floats roots;
  for (int64_t lane = 0; lane < kLanes; lane++) roots[lane] = std::sqrt(values[lane]);
  return roots;
}

// eˣ to 2 units in the last place: 2ⁿ · eʳ with |r| ≤ ½ ln 2, eʳ by its series. 0 below -87, no larger than e⁸⁸.
inline Floats exponential(Floats x) {
  const Floats bounded = x < -87.0f ? Floats{} - 87.0f : x > 88.0f ? Floats{} + 88.0f : x;
  constexpr float round = 0x1.8p23f; // adding it leaves the nearest whole number in the lowest bits
  const Floats shifted = bounded * 1.44269504f + round;
  const Floats n = shifted - round;
  const Floats r = bounded - n * 0.693359375f + n * 2.12194440e-4f;
  Floats series = r * (1.0f / 5040) + 1.0f / 720;
  for (const float term : {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) series = series * r + term;
  const Floats power = (Floats)(((Words)shifted << 23) + (127u << 23));
  return x < -87.0f ? Floats{} : series * power;
}

// The largest of n numbers; NaN counts only in the first place.
template <class T>
inline float largestOf(const T* from, int64_t n) {
  Floats most = Floats{} + load(from, First{1})[0];
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats values = load(from + i, All{});
    most = values > most ? values : most;
  }
  float top = most[0];
  for (int64_t lane = 1; lane < kLanes; lane++) top = std::max(top, most[lane]);
  for (; i < n; i++) top = std::max(top, load(from + i, First{1})[0]);
  return top;
}

} // namespace scratch
