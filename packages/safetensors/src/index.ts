export { fromFloat32, toFloat32, type FloatDtype } from "./convert.ts";
export { byteLength, isDtype, type Dtype } from "./dtype.ts";
export { encodeSafetensors, type TensorEntry } from "./encode.ts";
export { SafetensorsError, type SafetensorsErrorCode } from "./errors.ts";
export { headerLength, parseHeader, type Header, type TensorInfo } from "./header.ts";
export { openSafetensorsBlob, type SafetensorsFile, type TensorBytes } from "./random-access.ts";
