import * as tf from "@tensorflow/tfjs";
/** Name under which tfjs-node registers itself. */
export const NATIVE = "tensorflow";
/** tfjs-node's backend, once it has been started. */
export function nativeBackend() {
    return tf.engine().findBackend(NATIVE);
}
/** Which backend holds the data of a tensor. */
export function ownerOf(dataId) {
    return tf.engine().state.tensorInfo.get(dataId)?.backend;
}
/** Says that a backend now holds the data of a tensor. */
export function setOwner(dataId, backend) {
    const info = tf.engine().state.tensorInfo.get(dataId);
    if (info)
        info.backend = backend;
}
/** All variables alive. */
export function allVariables() {
    return Object.values(tf.engine().state.registeredVariables);
}
//# sourceMappingURL=native-backend.js.map