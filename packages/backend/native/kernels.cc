// Operations that TensorFlow has only as chains of smaller ones, each of which reads and writes memory again: GELU, layer
// normalization, softmax, cross-entropy, attention, AdamW. They calculate in float32 and, but for attention, take and give
// float32 or bfloat16. Loading this addon registers them with TensorFlow.
#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "attention.h"
#include "operation.h"
#include "vectors.h"
#include "workers.h"

namespace scratch {
namespace {

// GELU by the tanh approximation, as x · σ(2u), 2u = linear · x + cubic · x³.

constexpr float kLinear = 1.5957691216f; // 2 √(2/π)
constexpr float kCubic = kLinear * 0.044715f;

inline Floats gate(Floats x, Floats square) {
  return 1.0f / (1.0f + exponential(-x * (square * kCubic + kLinear)));
}

void gelu(Run& run) {
  const Tensor input = run.input(0), output = run.output(0, input.shape());
  withData(input, [&](auto* x) {
    withData(output, [&](auto* y) {
      inParts(input.size(), kGrain, [=](int64_t begin, int64_t end) {
        eachVector(begin, end, [=](int64_t i, auto lanes) {
          const Floats value = load(x + i, lanes);
          store(y + i, value * gate(value, value * value), lanes);
        });
      });
    });
  });
}

void geluGrad(Run& run) {
  const Tensor grad = run.input(0), input = run.input(1), output = run.output(0, input.shape());
  withData(grad, [&](auto* dy) {
    withData(input, [&](auto* x) {
      withData(output, [&](auto* dx) {
        inParts(input.size(), kGrain, [=](int64_t begin, int64_t end) {
          eachVector(begin, end, [=](int64_t i, auto lanes) {
            const Floats value = load(x + i, lanes), square = value * value, sigma = gate(value, square);
            const Floats slope = square * (3 * kCubic) + kLinear;
            store(dx + i, load(dy + i, lanes) * sigma * ((1.0f - sigma) * value * slope + 1.0f), lanes);
          });
        });
      });
    });
  });
}

// Layer normalization of the rows of x.

struct LayerNorm {
  float epsilon;
};

void layerNorm(Run& run, const LayerNorm& options) {
  const Tensor input = run.input(0), scale = run.input(1), shift = run.input(2);
  const int64_t rows = input.rows(), columns = input.columns();
  const Tensor output = run.output(0, input.shape());
  const Tensor means = run.output(1, {rows, 1}), rstds = run.output(2, {rows, 1});
  const float *x = input.data<float>(), *gamma = scale.data<float>(), *beta = shift.data<float>();
  float *mean = means.data<float>(), *rstd = rstds.data<float>();
  const float epsilon = options.epsilon;
  withData(output, [&](auto* y) {
    inParts(rows, rowsOfPart(columns), [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const float* from = x + row * columns;
        auto* to = y + row * columns;
        Floats total{}, squares{};
        eachVector(0, columns, [&](int64_t i, auto lanes) { total += load(from + i, lanes); });
        const float middle = sum(total) / columns;
        eachVector(0, columns, [&](int64_t i, auto lanes) {
          const Floats centred = only(load(from + i, lanes) - middle, lanes);
          squares += centred * centred;
        });
        const float inverse = 1 / std::sqrt(sum(squares) / columns + epsilon);
        eachVector(0, columns, [&](int64_t i, auto lanes) {
          const Floats normal = (load(from + i, lanes) - middle) * inverse;
          store(to + i, normal * load(gamma + i, lanes) + load(beta + i, lanes), lanes);
        });
        mean[row] = middle;
        rstd[row] = inverse;
      }
    });
  });
}

// Sums over rows are made of this many sums over parts, always the same, so that they always come out the same.
constexpr int64_t kRowParts = 16;

// Adds up the parts' rows of `columns` numbers.
void addParts(const std::vector<float>& parts, int64_t columns, float* total) {
  std::fill(total, total + columns, 0.0f);
  for (int64_t part = 0; part < kRowParts; part++) {
    for (int64_t i = 0; i < columns; i++) total[i] += parts[part * columns + i];
  }
}

void layerNormGrad(Run& run) {
  const Tensor grad = run.input(0), input = run.input(1), scale = run.input(2);
  const Tensor means = run.input(3), rstds = run.input(4);
  const int64_t rows = input.rows(), columns = input.columns();
  const Tensor output = run.output(0, input.shape());
  const Tensor scaleGrad = run.output(1, {columns}), shiftGrad = run.output(2, {columns});
  const float *x = input.data<float>(), *gamma = scale.data<float>();
  const float *mean = means.data<float>(), *rstd = rstds.data<float>();
  std::vector<float> scales(kRowParts * columns), shifts(kRowParts * columns);
  withData(grad, [&](auto* dy) {
    withData(output, [&](auto* dx) {
      Workers::all().run(kRowParts, [&](int64_t part) {
        float *dscale = scales.data() + part * columns, *dshift = shifts.data() + part * columns;
        for (int64_t row = part * rows / kRowParts; row < (part + 1) * rows / kRowParts; row++) {
          const float* from = x + row * columns;
          const auto* upper = dy + row * columns;
          auto* to = dx + row * columns;
          const float middle = mean[row], inverse = rstd[row];
          Floats sums{}, along{};
          eachVector(0, columns, [&](int64_t i, auto lanes) {
            const Floats above = load(upper + i, lanes), normal = (load(from + i, lanes) - middle) * inverse;
            const Floats inner = above * load(gamma + i, lanes);
            sums += inner;
            along += inner * normal;
            store(dscale + i, load(dscale + i, lanes) + above * normal, lanes);
            store(dshift + i, load(dshift + i, lanes) + above, lanes);
          });
          const float meanSum = sum(sums) / columns, meanAlong = sum(along) / columns;
          eachVector(0, columns, [&](int64_t i, auto lanes) {
            const Floats normal = (load(from + i, lanes) - middle) * inverse;
            const Floats inner = load(upper + i, lanes) * load(gamma + i, lanes);
            store(to + i, (inner - meanSum - normal * meanAlong) * inverse, lanes);
          });
        }
      });
    });
  });
  addParts(scales, columns, scaleGrad.data<float>());
  addParts(shifts, columns, shiftGrad.data<float>());
}

// The sum over rows: a bias's gradient.
void columnSum(Run& run) {
  const Tensor input = run.input(0);
  const int64_t rows = input.rows(), columns = input.columns();
  const Tensor output = run.output(0, {columns});
  std::vector<float> sums(kRowParts * columns);
  withData(input, [&](auto* x) {
    Workers::all().run(kRowParts, [&](int64_t part) {
      float* total = sums.data() + part * columns;
      for (int64_t row = part * rows / kRowParts; row < (part + 1) * rows / kRowParts; row++) {
        const auto* from = x + row * columns;
        eachVector(0, columns, [&](int64_t i, auto lanes) {
          store(total + i, load(total + i, lanes) + load(from + i, lanes), lanes);
        });
      }
    });
  });
  addParts(sums, columns, output.data<float>());
}

// A bias added to every row.
void addBias(Run& run) {
  const Tensor input = run.input(0), vector = run.input(1), output = run.outputIn(0, 0, input.shape());
  const int64_t columns = input.columns();
  const float* bias = vector.data<float>();
  withData(input, [&](auto* x) {
    withData(output, [&](auto* y) {
      inParts(input.rows(), rowsOfPart(columns), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          const auto* from = x + row * columns;
          auto* to = y + row * columns;
          eachVector(0, columns, [=](int64_t i, auto lanes) {
            store(to + i, load(from + i, lanes) + load(bias + i, lanes), lanes);
          });
        }
      });
    });
  });
}

// The softmax of x + mask along the last axis; the mask is one matrix for all of x's matrices.
void softmax(Run& run) {
  const Tensor input = run.input(0), matrix = run.input(1), output = run.outputIn(0, 0, input.shape());
  const int64_t columns = input.columns(), maskRows = matrix.rows();
  const float* masks = matrix.data<float>();
  withData(input, [&](auto* x) {
    withData(output, [&](auto* y) {
      inParts(input.rows(), rowsOfPart(columns), [=](int64_t begin, int64_t end) {
        std::vector<float> values(columns);
        float* scores = values.data();
        for (int64_t row = begin; row < end; row++) {
          const float* mask = masks + row % maskRows * columns;
          const auto* from = x + row * columns;
          auto* to = y + row * columns;
          eachVector(0, columns, [=](int64_t i, auto lanes) {
            store(scores + i, load(from + i, lanes) + load(mask + i, lanes), lanes);
          });
          const float top = largestOf(scores, columns);
          Floats total{};
          eachVector(0, columns, [&](int64_t i, auto lanes) {
            const Floats power = only(exponential(load(scores + i, lanes) - top), lanes);
            total += power;
            store(scores + i, power, lanes);
          });
          const float inverse = 1 / sum(total);
          eachVector(0, columns, [=](int64_t i, auto lanes) {
            store(to + i, load(scores + i, lanes) * inverse, lanes);
          });
        }
      });
    });
  });
}

// dx = y · (dy - Σ dy · y) along the last axis, y the softmax.
void softmaxGrad(Run& run) {
  const Tensor grad = run.input(0), softmax = run.input(1), output = run.output(0, softmax.shape());
  const int64_t columns = softmax.columns();
  withData(grad, [&](auto* dy) {
    withData(softmax, [&](auto* y) {
      withData(output, [&](auto* dx) {
        inParts(softmax.rows(), rowsOfPart(columns), [=](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; row++) {
            const int64_t at = row * columns;
            Floats along{};
            eachVector(at, at + columns, [&](int64_t i, auto lanes) {
              along += load(dy + i, lanes) * load(y + i, lanes);
            });
            const float total = sum(along);
            eachVector(at, at + columns, [&](int64_t i, auto lanes) {
              store(dx + i, load(y + i, lanes) * (load(dy + i, lanes) - total), lanes);
            });
          }
        });
      });
    });
  });
}

// -log softmax(logits)[label] of each row, and its gradient, where the logits were if nothing else needs them.
void crossEntropy(Run& run) {
  const Tensor input = run.input(0), labels = run.input(1);
  const int64_t rows = input.rows(), columns = input.columns();
  const int32_t* label = labels.data<int32_t>();
  const bool isInRange = std::all_of(label, label + rows, [=](int32_t id) { return id >= 0 && id < columns; });
  run.require(isInRange, "Received a label value which is outside the valid range.");
  const Tensor losses = run.output(0, labels.shape());
  const Tensor gradient = run.outputIn(0, 1, input.shape());
  float* loss = losses.data<float>();
  withData(input, [&](auto* logits) {
    withData(gradient, [&](auto* dlogits) {
      inParts(rows, rowsOfPart(columns), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          const auto* from = logits + row * columns;
          auto* to = dlogits + row * columns;
          const float own = load(from + label[row], First{1})[0];
          const float top = largestOf(from, columns);
          Floats total{};
          eachVector(0, columns, [&](int64_t i, auto lanes) {
            total += only(exponential(load(from + i, lanes) - top), lanes);
          });
          const float all = sum(total), inverse = 1 / all;
          eachVector(0, columns, [&](int64_t i, auto lanes) {
            store(to + i, exponential(load(from + i, lanes) - top) * inverse, lanes);
          });
          const Floats hit = Floats{} + (std::exp(own - top) * inverse - 1);
          store(to + label[row], hit, First{1});
          loss[row] = std::log(all) + top - own;
        }
      });
    });
  });
}

// A step of AdamW. Parameter and averages, and the parameter rounded to bfloat16 if it is given, are variables' own memory,
// which it changes: whoever puts it into a graph sees to it that all who read the old values have done so.

struct AdamW {
  float beta1, beta2, eps;
};

void adamW(Run& run, const AdamW& options) {
  const Tensor parameter = run.input(0), first = run.input(1), second = run.input(2), gradient = run.input(3);
  const float keep = run.input(4).scalar(), stepSize = run.input(5).scalar(), correction = run.input(6).scalar();
  const float fresh1 = 1 - options.beta1, beta2 = options.beta2, fresh2 = 1 - beta2, eps = options.eps;
  float *p = parameter.data<float>(), *m = first.data<float>(), *v = second.data<float>();
  const std::vector<Tensor> kept = run.inputsFrom(7);
  BFloat16* rounded = kept.empty() ? nullptr : kept[0].data<BFloat16>();
  withData(gradient, [&](auto* grad) {
    inParts(parameter.size(), kGrain, [=](int64_t begin, int64_t end) {
      eachVector(begin, end, [=](int64_t i, auto lanes) {
        const Floats g = load(grad + i, lanes), old = load(m + i, lanes);
        const Floats nextM = old + (g - old) * fresh1, nextV = load(v + i, lanes) * beta2 + g * g * fresh2;
        store(m + i, nextM, lanes);
        store(v + i, nextV, lanes);
        const Floats change = nextM / (squareRoot(nextV) / correction + eps) * stepSize;
        const Floats next = load(p + i, lanes) * keep - change;
        store(p + i, next, lanes);
        if (rounded != nullptr) store(rounded + i, next, lanes);
      });
    });
  });
}

#define FLOAT_TYPE(name) name ": {float, bfloat16} = DT_FLOAT"

void* createAttention(TF_OpKernelConstruction* context) {
  return new Attention{attribute(context, "factor")};
}

const Definition kDefinitions[] = {
    {"ScratchGelu", {"x: T"}, {"y: U"}, {FLOAT_TYPE("T"), FLOAT_TYPE("U")}, shapes<0>, compute<gelu>},
    {"ScratchGeluGrad",
     {"dy: D", "x: T"},
     {"dx: U"},
     {FLOAT_TYPE("D"), FLOAT_TYPE("T"), FLOAT_TYPE("U")},
     shapes<1>,
     compute<geluGrad>},
    {"ScratchLayerNorm",
     {"x: float", "scale: float", "shift: float"},
     {"y: U", "mean: float", "rstd: float"},
     {FLOAT_TYPE("U"), "epsilon: float"},
     shapes<0, -1, -1>,
     compute<LayerNorm, layerNorm>,
     [](TF_OpKernelConstruction* context) -> void* { return new LayerNorm{attribute(context, "epsilon")}; },
     destroy<LayerNorm>},
    {"ScratchLayerNormGrad",
     {"dy: D", "x: float", "scale: float", "mean: float", "rstd: float"},
     {"dx: U", "dscale: float", "dshift: float"},
     {FLOAT_TYPE("D"), FLOAT_TYPE("U")},
     shapes<1, 2, 2>,
     compute<layerNormGrad>},
    {"ScratchColumnSum", {"x: T"}, {"y: float"}, {FLOAT_TYPE("T")}, shapes<-1>, compute<columnSum>},
    {"ScratchAddBias",
     {"x: T", "bias: float"},
     {"y: U"},
     {FLOAT_TYPE("T"), FLOAT_TYPE("U")},
     shapes<0>,
     compute<addBias>},
    {"ScratchSoftmax",
     {"x: T", "mask: float"},
     {"y: U"},
     {FLOAT_TYPE("T"), FLOAT_TYPE("U")},
     shapes<0>,
     compute<softmax>},
    {"ScratchSoftmaxGrad",
     {"dy: D", "y: T"},
     {"dx: U"},
     {FLOAT_TYPE("D"), FLOAT_TYPE("T"), FLOAT_TYPE("U")},
     shapes<1>,
     compute<softmaxGrad>},
    {"ScratchCrossEntropy",
     {"logits: T", "labels: int32"},
     {"loss: float", "dlogits: U"},
     {FLOAT_TYPE("T"), FLOAT_TYPE("U")},
     shapes<1, 0>,
     compute<crossEntropy>},
    {"ScratchCausalAttention",
     {"queries: float", "keys: float", "values: float", "masks: N * float"},
     {"context: float", "log_sums: float"},
     {"N: int >= 0", "factor: float"},
     shapes<0, -1>,
     compute<Attention, causalAttention>,
     createAttention,
     destroy<Attention>},
    {"ScratchCausalAttentionGrad",
     {"dcontext: float", "context: float", "log_sums: float", "queries: float", "keys: float", "values: float",
      "masks: N * float"},
     {"dqueries: float", "dkeys: float", "dvalues: float"},
     {"N: int >= 0", "factor: float"},
     shapes<3, 4, 5>,
     compute<Attention, causalAttentionGrad>,
     createAttention,
     destroy<Attention>},
    {"ScratchAdamW",
     {"parameter: float", "m: float", "v: float", "grad: D", "keep: float", "step_size: float", "correction: float",
      "rounded: N * bfloat16"},
     {},
     {FLOAT_TYPE("D"), "N: int >= 0", "beta1: float", "beta2: float", "eps: float"},
     shapes<>,
     compute<AdamW, adamW>,
     [](TF_OpKernelConstruction* context) -> void* {
       return new AdamW{attribute(context, "beta1"), attribute(context, "beta2"), attribute(context, "eps")};
     },
     destroy<AdamW>},
};

} // namespace
} // namespace scratch

NAPI_MODULE_INIT() {
  static const std::string failure = [] {
    scratch::Status status;
    for (const scratch::Definition& definition : scratch::kDefinitions) {
      if (!status.failed()) scratch::add(definition, status);
    }
    return std::string(status.failed() ? TF_Message(status) : "");
  }();
  if (!failure.empty()) napi_throw_error(env, nullptr, failure.c_str());
  return exports;
}
