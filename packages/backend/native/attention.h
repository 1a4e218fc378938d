// Causal attention of queries, keys and values [batch, tokens, heads, width], and its gradient, as one operation each. Blocks
// of queries meet only those keys that they may see: the half that a mask would throw away is not computed, and the weights
// [tokens, tokens] never exist whole; the gradient computes them again (Dao et al., FlashAttention, arXiv 2205.14135).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "operation.h"
#include "vectors.h"
#include "workers.h"

namespace scratch {
namespace attention {

// Products of small matrices in float32. A tile of the result stays in registers: AVX has 16 of them, AVX-512 and NEON 32.
constexpr int64_t kTileRows = 4;
#if defined(__AVX__) && !defined(__AVX512F__)
constexpr int kTileVectors = 2;
#else
constexpr int kTileVectors = 4;
#endif

constexpr int64_t roundUp(int64_t n, int64_t unit) {
  return (n + unit - 1) / unit * unit;
}

// Element (i, k) is data[i * row + k * column].
struct Matrix {
  float* data;
  int64_t row, column = 1;

  float* operator()(int64_t i, int64_t k) const { return data + i * row + k * column; }
  Matrix from(int64_t i, int64_t k = 0) const { return {(*this)(i, k), row, column}; }
  Matrix transposed() const { return {data, column, row}; }
};

struct Size {
  int64_t rows, columns, depth; // whole tiles of rows, whole vectors of columns
};

template <int vectors>
inline void multiplyTile(Matrix a, Matrix b, Matrix c, int64_t depth, bool isAdded) {
  Floats sums[kTileRows][vectors];
#pragma GCC unroll 4
  for (int i = 0; i < kTileRows; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) sums[i][j] = isAdded ? load(c(i, j * kLanes), All{}) : Floats{};
  }
  for (int64_t k = 0; k < depth; k++) {
#pragma GCC unroll 4
    for (int i = 0; i < kTileRows; i++) {
      const Floats left = Floats{} + *a(i, k);
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++) sums[i][j] += left * load(b(k, j * kLanes), All{});
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kTileRows; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) store(c(i, j * kLanes), sums[i][j], All{});
  }
}

// As many columns as there are in a tile, or fewer.
template <int vectors = kTileVectors>
inline void multiplyColumns(const Size& size, Matrix a, Matrix b, Matrix c, bool isAdded) {
  if (size.columns == vectors * kLanes) {
    for (int64_t i = 0; i < size.rows; i += kTileRows) multiplyTile<vectors>(a.from(i), b, c.from(i), size.depth, isAdded);
  } else if constexpr (vectors > 1) {
    multiplyColumns<vectors - 1>(size, a, b, c, isAdded);
  }
}

// c = a b, or c += a b. Only a may be transposed.
inline void multiply(const Size& size, Matrix a, Matrix b, Matrix c, bool isAdded = false) {
  constexpr int64_t most = kTileVectors * kLanes;
  for (int64_t j = 0; j < size.columns; j += most) {
    const Size part{size.rows, std::min(most, size.columns - j), size.depth};
    multiplyColumns(part, a, {b(0, j), b.row}, {c(0, j), c.row}, isAdded);
  }
}

// Queries, and keys, that meet at once.
constexpr int64_t kQueries = 32;
constexpr int64_t kKeys = 128;

struct Shape {
  explicit Shape(const std::vector<int64_t>& dims)
      : batch(dims[0]), tokens(dims[1]), heads(dims[2]), width(dims[3]), keys(roundUp(tokens, kKeys)),
        columns(roundUp(width, kLanes)) {}
  const int64_t batch, tokens, heads, width;
  const int64_t keys, columns; // tokens and width, padded
};

// The rows of a head in a tensor [batch, tokens, heads, width].
struct Part {
  Part(const Tensor& tensor, const Shape& shape, int64_t head)
      : width(shape.width), stride_(shape.heads * shape.width),
        first_(tensor.data<float>() + head / shape.heads * shape.tokens * stride_ + head % shape.heads * width) {}
  const int64_t width;
  float* operator[](int64_t token) const { return first_ + token * stride_; }

 private:
  const int64_t stride_;
  float* const first_;
};

// Memory that a thread keeps from one head to the next.
class Buffer {
 public:
  Matrix matrix(int64_t rows, int64_t columns) {
    // A vector lies between the rows: where they are a power of 2 apart, they share few lines of the cache.
    const int64_t vectors = columns / kLanes + 1;
    if (static_cast<int64_t>(memory_.size()) < rows * vectors) memory_.resize(rows * vectors);
    return {reinterpret_cast<float*>(memory_.data()), vectors * kLanes};
  }

 private:
  std::vector<Floats> memory_;
};

// Tokens begin … end - 1 as rows, and zeros as far as `to` is padded.
inline void copyRows(const Part& from, int64_t begin, int64_t end, int64_t padded, Matrix to) {
  std::fill(to(0, 0), to(padded, 0), 0.0f);
  for (int64_t token = begin; token < end; token++) std::copy_n(from[token], from.width, to(token - begin, 0));
}

// Tokens begin … end - 1 as columns, and zeros up to a whole vector.
inline void copyColumns(const Part& from, int64_t begin, int64_t end, Matrix to) {
  for (int64_t token = begin; token < end; token += kLanes) {
    eachVector(0, from.width, [&](int64_t i, auto lanes) {
      Floats square[kLanes]{};
      for (int64_t t = 0; t < std::min(kLanes, end - token); t++) square[t] = load(from[token + t] + i, lanes);
      for (int64_t j = 0; j < lanes.count; j++) {
        Floats across;
        for (int64_t t = 0; t < kLanes; t++) across[t] = square[t][j];
        store(to(i + j, token - begin), across, All{});
      }
    });
  }
}

// Rows, each times factor(its number), as tokens begin … end - 1.
template <class Factor>
inline void writeRows(Matrix from, int64_t begin, int64_t end, const Part& to, Factor factor) {
  for (int64_t token = begin; token < end; token++) {
    const float times = factor(token - begin);
    eachVector(0, to.width, [&](int64_t j, auto lanes) {
      store(to[token] + j, load(from(token - begin, j), lanes) * times, lanes);
    });
  }
}

inline void writeRows(Matrix from, int64_t begin, int64_t end, const Part& to) {
  writeRows(from, begin, end, to, [](int64_t) { return 1.0f; });
}

// What the weights are multiplied with: masks [batch, heads, tokens, tokens], if there are any, times a factor.
struct Dropout {
  const float* masks;
  const float factor;

  // That of a query, from a key on.
  Dropout of(const Shape& shape, int64_t head, int64_t query, int64_t key) const {
    return {masks == nullptr ? nullptr : masks + (head * shape.tokens + query) * shape.tokens + key, factor};
  }

  template <class Lanes>
  Floats at(int64_t i, Lanes lanes) const {
    return masks == nullptr ? Floats{} + 1.0f : load(masks + i, lanes) * factor;
  }
};

// What both directions read.
struct Inputs {
  const Tensor &queries, &keys, &values;
  const Dropout dropout;
};

struct Exponentials {
  float largest, sum;
};

// The first `count` scores become e^(score - largest), dropped out; what follows, up to `padded`, becomes 0.
inline Exponentials exponentiate(float* scores, int64_t count, int64_t padded, const Dropout& dropout) {
  const float largest = largestOf(scores, count);
  Floats total{};
  eachVector(0, count, [&](int64_t i, auto lanes) {
    const Floats power = only(exponential(load(scores + i, lanes) - largest), lanes);
    total += power;
    store(scores + i, power * dropout.at(i, lanes), All{});
  });
  std::fill(scores + roundUp(count, kLanes), scores + padded, 0.0f);
  return {largest, sum(total)};
}

// The context of one head, and the logarithms of its queries' sums of exponentiated scores.
inline void attend(const Shape& shape, const Inputs& inputs, int64_t head, const Tensor& output, float* logSums) {
  const auto of = [&](const Tensor& tensor) { return Part(tensor, shape, head); };
  const int64_t tokens = shape.tokens, columns = shape.columns;
  thread_local Buffer buffers[5];
  const Matrix values = buffers[0].matrix(shape.keys, columns);
  const Matrix keys = buffers[1].matrix(shape.keys / kKeys * columns, kKeys); // transposed, one block below the other
  const Matrix queries = buffers[2].matrix(kQueries, columns), context = buffers[3].matrix(kQueries, columns);
  const Matrix weights = buffers[4].matrix(kQueries, shape.keys);
  copyRows(of(inputs.values), 0, tokens, shape.keys, values);
  for (int64_t key = 0; key < tokens; key += kKeys) {
    copyColumns(of(inputs.keys), key, std::min(key + kKeys, tokens), keys.from(key / kKeys * columns));
  }
  for (int64_t begin = 0; begin < tokens; begin += kQueries) {
    const int64_t end = std::min(tokens, begin + kQueries), rows = roundUp(end - begin, kTileRows), seen = roundUp(end, kLanes);
    copyRows(of(inputs.queries), begin, end, rows, queries);
    for (int64_t key = 0; key < seen; key += kKeys) {
      const Size size{rows, std::min(kKeys, seen - key), shape.width};
      multiply(size, queries, keys.from(key / kKeys * columns), weights.from(0, key));
    }
    float inverse[kQueries];
    for (int64_t query = begin; query < end; query++) {
      const Dropout dropout = inputs.dropout.of(shape, head, query, 0);
      const auto [largest, total] = exponentiate(weights(query - begin, 0), query + 1, seen, dropout);
      logSums[query] = largest + std::log(total);
      inverse[query - begin] = 1 / total;
    }
    multiply({rows, columns, seen}, weights, values, context);
    writeRows(context, begin, end, of(output), [&](int64_t row) { return inverse[row]; });
  }
}

// A query's scores and the gradients of its weights: `count` numbers, and what follows up to `padded`.
struct GradientRow {
  float *scores, *grads;
  const int64_t count, padded;
};

// Scores become weights, dropped out, and the gradients become those of the scores; what follows becomes 0. `along` is the sum
// of the weights times their gradients.
inline void differentiate(const GradientRow& row, const Dropout& dropout, float logSum, float along) {
  eachVector(0, row.count, [&](int64_t i, auto lanes) {
    const Floats weight = only(exponential(load(row.scores + i, lanes) - logSum), lanes);
    const Floats mask = dropout.at(i, lanes);
    store(row.grads + i, weight * (load(row.grads + i, lanes) * mask - along), All{});
    store(row.scores + i, weight * mask, All{});
  });
  const int64_t used = roundUp(row.count, kLanes);
  std::fill(row.scores + used, row.scores + row.padded, 0.0f);
  std::fill(row.grads + used, row.grads + row.padded, 0.0f);
}

// What the gradient reads besides the inputs: the context, its gradient, and the logarithms of `attend`.
struct Results {
  const Tensor &context, &grad;
  const float* logSums;
};

struct Gradients {
  const Tensor &queries, &keys, &values;
};

// For each query the sum of its weights times their gradients, which is that of its context times its gradient.
inline void sumsAlong(const Part& context, const Part& grad, int64_t tokens, float* sums) {
  for (int64_t token = 0; token < tokens; token++) {
    Floats total{};
    eachVector(0, context.width, [&](int64_t i, auto lanes) {
      total += load(context[token] + i, lanes) * load(grad[token] + i, lanes);
    });
    sums[token] = sum(total);
  }
}

inline void attendGrad(const Shape& shape, const Inputs& inputs, const Results& results, int64_t head,
                       const Gradients& gradients) {
  const auto of = [&](const Tensor& tensor) { return Part(tensor, shape, head); };
  const int64_t tokens = shape.tokens, columns = shape.columns, padded = roundUp(tokens, kTileRows);
  thread_local Buffer buffers[11];
  const Matrix queries = buffers[0].matrix(padded, columns), dqueries = buffers[1].matrix(padded, columns);
  const Matrix dcontext = buffers[2].matrix(padded, columns);
  const Matrix keys = buffers[3].matrix(kKeys, columns), dkeys = buffers[4].matrix(kKeys, columns);
  const Matrix dvalues = buffers[5].matrix(kKeys, columns);
  const Matrix keysAcross = buffers[6].matrix(columns, kKeys), valuesAcross = buffers[7].matrix(columns, kKeys);
  const Matrix weights = buffers[8].matrix(kQueries, kKeys), dscores = buffers[9].matrix(kQueries, kKeys);
  float* along = buffers[10].matrix(1, shape.keys).data;
  copyRows(of(inputs.queries), 0, tokens, padded, queries);
  copyRows(of(results.grad), 0, tokens, padded, dcontext);
  sumsAlong(of(results.context), of(results.grad), tokens, along);
  const float* logSums = results.logSums + head * tokens;
  for (int64_t key = 0; key < tokens; key += kKeys) {
    const int64_t keysEnd = std::min(tokens, key + kKeys);
    copyRows(of(inputs.keys), key, keysEnd, kKeys, keys);
    copyColumns(of(inputs.keys), key, keysEnd, keysAcross);
    copyColumns(of(inputs.values), key, keysEnd, valuesAcross);
    std::fill(dkeys.data, dkeys(kKeys, 0), 0.0f);
    std::fill(dvalues.data, dvalues(kKeys, 0), 0.0f);
    for (int64_t begin = key; begin < tokens; begin += kQueries) {
      const int64_t end = std::min(tokens, begin + kQueries), rows = roundUp(end - begin, kTileRows);
      const int64_t seen = roundUp(std::min(end, keysEnd) - key, kLanes);
      multiply({rows, seen, shape.width}, queries.from(begin), keysAcross, weights);
      multiply({rows, seen, shape.width}, dcontext.from(begin), valuesAcross, dscores);
      for (int64_t query = begin; query < end; query++) {
        const GradientRow row{weights(query - begin, 0), dscores(query - begin, 0), std::min(query + 1, keysEnd) - key, seen};
        differentiate(row, inputs.dropout.of(shape, head, query, key), logSums[query], along[query]);
      }
      multiply({rows, columns, seen}, dscores, keys, dqueries.from(begin), key > 0);
      multiply({seen, columns, rows}, dscores.transposed(), queries.from(begin), dkeys, true);
      multiply({seen, columns, rows}, weights.transposed(), dcontext.from(begin), dvalues, true);
    }
    writeRows(dkeys, key, keysEnd, of(gradients.keys));
    writeRows(dvalues, key, keysEnd, of(gradients.values));
  }
  writeRows(dqueries, 0, tokens, of(gradients.queries));
}

} // namespace attention

struct Attention {
  float factor;
};

// softmax(queries · keysᵀ over the past) · values. With masks [batch, heads, tokens, tokens], the softmax is multiplied by them
// and by a factor: dropout.
inline void causalAttention(Run& run, const Attention& options) {
  const Tensor queries = run.input(0), keys = run.input(1), values = run.input(2);
  const std::vector<Tensor> masks = run.inputsFrom(3);
  const attention::Shape shape(queries.shape());
  const attention::Inputs inputs{queries, keys, values, {masks.empty() ? nullptr : masks[0].data<float>(), options.factor}};
  const Tensor context = run.output(0, queries.shape());
  const Tensor logSums = run.output(1, {shape.batch, shape.heads, shape.tokens});
  Workers::all().run(shape.batch * shape.heads, [&](int64_t head) {
    attend(shape, inputs, head, context, logSums.data<float>() + head * shape.tokens);
  });
}

inline void causalAttentionGrad(Run& run, const Attention& options) {
  const Tensor grad = run.input(0), context = run.input(1), logSums = run.input(2);
  const Tensor queries = run.input(3), keys = run.input(4), values = run.input(5);
  const std::vector<Tensor> masks = run.inputsFrom(6);
  const attention::Shape shape(queries.shape());
  const attention::Inputs inputs{queries, keys, values, {masks.empty() ? nullptr : masks[0].data<float>(), options.factor}};
  const attention::Results results{context, grad, logSums.data<float>()};
  const Tensor dqueries = run.output(0, queries.shape()), dkeys = run.output(1, queries.shape());
  const Tensor dvalues = run.output(2, queries.shape());
  const attention::Gradients gradients{dqueries, dkeys, dvalues};
  Workers::all().run(shape.batch * shape.heads, [&](int64_t head) { attendGrad(shape, inputs, results, head, gradients); });
}

} // namespace scratch
