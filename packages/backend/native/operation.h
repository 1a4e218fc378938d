// TensorFlow's side of an operation: its inputs and outputs, and how it is registered through the C interface for kernels.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"
#include "vectors.h"

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

namespace scratch {

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

  Tensor input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    check();
    return Tensor(tensor);
  }

  // The inputs from `first` on: an operation may have one more, or not.
  std::vector<Tensor> inputsFrom(int first) {
    std::vector<Tensor> rest;
    for (int index = first; index < TF_NumInputs(context_); index++) rest.push_back(input(index));
    return rest;
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

inline float attribute(TF_OpKernelConstruction* context, const char* name) {
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

template <class Options>
void destroy(void* options) {
  delete static_cast<Options*>(options);
}

struct Definition {
  const char* name;
  std::vector<const char*> inputs, outputs, attributes;
  void (*shapes)(TF_ShapeInferenceContext*, TF_Status*);
  void (*compute)(void*, TF_OpKernelContext*);
  void* (*create)(TF_OpKernelConstruction*) = [](TF_OpKernelConstruction*) -> void* { return nullptr; };
  void (*destroy)(void*) = [](void*) {};
};

inline void add(const Definition& definition, TF_Status* status) {
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

} // namespace scratch
