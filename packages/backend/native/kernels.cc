// Operations that TensorFlow has only as chains of smaller ones, each of which reads and writes memory again: GELU, layer
// normalization, softmax, cross-entropy, AdamW. They calculate in float32 and take and give float32 or
// bfloat16. Loading this addon registers them with TensorFlow, through its C interface for kernels.
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// From tensorflow/c/kernels.h, which includes headers that are not C.
extern "C" {
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* context, const char* name, float* value, TF_Status*);
int TF_NumInputs(TF_OpKernelContext* context);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_DataType TF_ExpectedOutputDataType(TF_OpKernelContext* context, int index);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* dims, int rank,
                             size_t bytes, TF_Status* status);
TF_Tensor* TF_ForwardInputOrAllocateOutput(TF_OpKernelContext* context, const int* inputs, int count, int output,
                                           const int64_t* dims, int rank, int* forwarded, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
}

namespace {

// Work on all cores.

class Workers {
 public:
  static Workers& all() {
    static auto* workers = new Workers(); // never destroyed: its threads outlive main()
    return *workers;
  }

  // Calls body(0) … body(count - 1), in any order, on all cores; returns when all calls have.
  void run(int64_t count, const std::function<void(int64_t)>& body) {
    Job job{body, count};
    std::unique_lock<std::mutex> lock(mutex_);
    if (count > 1 && !threads_.empty()) {
      jobs_.push_back(&job);
      wake_.notify_all();
    }
    work(job, lock);
    jobs_.remove(&job);
    done_.wait(lock, [&] { return job.active == 0; });
  }

 private:
  struct Job {
    const std::function<void(int64_t)>& body;
    const int64_t count;
    int64_t next = 0;
    int active = 0;
  };

  Workers() {
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); i++) threads_.emplace_back([this] { serve(); });
    for (auto& thread : threads_) thread.detach();
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      Job& job = *jobs_.front();
      work(job, lock);
      jobs_.remove(&job);
      done_.notify_all();
    }
  }

  static void work(Job& job, std::unique_lock<std::mutex>& lock) {
    job.active++;
    while (job.next < job.count) {
      const int64_t index = job.next++;
      lock.unlock();
      job.body(index);
      lock.lock();
    }
    job.active--;
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::list<Job*> jobs_;
  std::vector<std::thread> threads_;
};

// Calls body(begin, end) for parts of 0 … n - 1 of about `grain`. The parts depend on n and grain alone.
template <class Body>
void inParts(int64_t n, int64_t grain, Body body) {
  const int64_t parts = std::max<int64_t>(1, (n + grain - 1) / grain);
  Workers::all().run(parts, [&](int64_t part) { body(part * grain, std::min(n, (part + 1) * grain)); });
}

// Elements that a part should have at least.
constexpr int64_t kGrain = 1 << 15;

inline int64_t rowsOfPart(int64_t columns) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, columns));
}

// Vectors of 16 numbers, which the compiler makes of what the processor has.

constexpr int64_t kLanes = 16;
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

// TensorFlow's side of an operation.

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() const { return status_; }
  bool failed() const { return TF_GetCode(status_) != TF_OK; }

 private:
  TF_Status* status_;
};

// A tensor as long as it is used.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}
  Tensor(Tensor&& other) : tensor_(other.tensor_) { other.tensor_ = nullptr; }
  ~Tensor() {
    if (tensor_ != nullptr) TF_DeleteTensor(tensor_);
  }
  template <class T>
  T* data() const {
    return static_cast<T*>(TF_TensorData(tensor_));
  }
  float scalar() const { return *data<float>(); }
  TF_DataType type() const { return TF_TensorType(tensor_); }
  int64_t size() const { return TF_TensorElementCount(tensor_); }
  int64_t columns() const { return TF_Dim(tensor_, TF_NumDims(tensor_) - 1); }
  int64_t rows() const { return size() == 0 ? 0 : size() / columns(); }
  std::vector<int64_t> shape() const {
    std::vector<int64_t> dims(TF_NumDims(tensor_));
    for (size_t axis = 0; axis < dims.size(); axis++) dims[axis] = TF_Dim(tensor_, axis);
    return dims;
  }

 private:
  TF_Tensor* tensor_;
};

// Thrown where TensorFlow has said what is wrong.
struct Failed {};

// One run of an operation.
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context) {}

  int inputs() const { return TF_NumInputs(context_); }

  Tensor input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    check();
    return Tensor(tensor);
  }

  Tensor output(int index, const std::vector<int64_t>& shape) {
    const TF_DataType type = TF_ExpectedOutputDataType(context_, index);
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    const size_t bytes = count * TF_DataTypeSize(type);
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape.data(), shape.size(), bytes, status_);
    check();
    return Tensor(tensor);
  }

  // An output that takes the memory of an input that is used for nothing else, if it can.
  Tensor outputIn(int input, int index, const std::vector<int64_t>& shape) {
    int taken;
    TF_Tensor* tensor = TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape.data(), shape.size(), &taken,
                                                        status_);
    check();
    return Tensor(tensor);
  }

  void require(bool condition, const char* message) {
    if (condition) return;
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    check();
  }

 private:
  void check() {
    if (!status_.failed()) return;
    TF_OpKernelContext_Failure(context_, status_);
    throw Failed();
  }

  TF_OpKernelContext* context_;
  Status status_;
};

// Calls body with a pointer of the tensor's type.
template <class Body>
void withData(const Tensor& tensor, Body body) {
  if (tensor.type() == TF_BFLOAT16) body(tensor.data<BFloat16>());
  else body(tensor.data<float>());
}

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
  const bool isRounded = run.inputs() > 7;
  BFloat16* rounded = isRounded ? run.input(7).data<BFloat16>() : nullptr;
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
        if (isRounded) store(rounded + i, next, lanes);
      });
    });
  });
}

// Registration.

template <class Body>
void guarded(TF_OpKernelContext* context, Body body) {
  Run run(context);
  try {
    body(run);
  } catch (const Failed&) {
  }
}

template <void (*kernel)(Run&)>
void compute(void*, TF_OpKernelContext* context) {
  guarded(context, kernel);
}

template <class Options, void (*kernel)(Run&, const Options&)>
void compute(void* options, TF_OpKernelContext* context) {
  guarded(context, [&](Run& run) { kernel(run, *static_cast<const Options*>(options)); });
}

float attribute(TF_OpKernelConstruction* context, const char* name) {
  Status status;
  float value = 0;
  TF_OpKernelConstruction_GetAttrFloat(context, name, &value, status);
  return value;
}

// Output i has the shape of input from[i]; where that is negative, its shape is not said.
template <int... from>
void shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
  int output = 0;
  for (const int input : std::initializer_list<int>{from...}) {
    if (input >= 0 && TF_GetCode(status) == TF_OK) {
      TF_ShapeHandle* shape = TF_NewShapeHandle();
      TF_ShapeInferenceContextGetInput(context, input, shape, status);
      TF_ShapeInferenceContextSetOutput(context, output, shape, status);
      TF_DeleteShapeHandle(shape);
    }
    output++;
  }
}

struct Definition {
  const char* name;
  std::vector<const char*> inputs, outputs, attributes;
  void (*shapes)(TF_ShapeInferenceContext*, TF_Status*);
  void (*compute)(void*, TF_OpKernelContext*);
  void* (*create)(TF_OpKernelConstruction*) = [](TF_OpKernelConstruction*) -> void* { return nullptr; };
  void (*destroy)(void*) = [](void*) {};
};

void add(const Definition& definition, TF_Status* status) {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : definition.attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  if (definition.outputs.empty()) TF_OpDefinitionBuilderSetIsStateful(op, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, definition.shapes);
  TF_RegisterOpDefinition(op, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(definition.name, "CPU", definition.create, definition.compute, definition.destroy);
  TF_RegisterKernelBuilder(definition.name, kernel, status);
}

#define FLOAT_TYPE(name) name ": {float, bfloat16} = DT_FLOAT"

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
     [](void* options) { delete static_cast<LayerNorm*>(options); }},
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
     [](void* options) { delete static_cast<AdamW*>(options); }},
};

} // namespace

NAPI_MODULE_INIT() {
  static const std::string failure = [] {
    Status status;
    for (const Definition& definition : kDefinitions) {
      if (!status.failed()) add(definition, status);
    }
    return std::string(status.failed() ? TF_Message(status) : "");
  }();
  if (!failure.empty()) napi_throw_error(env, nullptr, failure.c_str());
  return exports;
}
