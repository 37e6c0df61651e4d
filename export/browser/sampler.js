/** Draws examples from a `.tflite` file of keras_gen in a browser, with LiteRT.js. */

import {loadAndCompile, loadLiteRt, Tensor} from '@litertjs/core';

const ARRAYS = {float32: Float32Array, int32: Int32Array, uint8: Uint8Array};
// A file ends in the sha256, in hexadecimal digits, of all bytes before.
const DIGITS = 64;
// The record that ends a ZIP archive, without its comment: those digits.
const END_OF_ARCHIVE = 22;

/**
 * What a file can do, on arrays of any number of rows.
 *
 * `metadata` is what the file says of itself, as in `sampler.py`.
 */
export class Sampler {
  /**
   * Opens a file.
   *
   * @param {Uint8Array} bytes Of a `.tflite` file with a fixed batch size.
   * @param {string} wasm The folder of the WASM files of LiteRT.js.
   */
  static async open(bytes, wasm) {
    await checkBytes(bytes);
    const metadata = metadataOf(bytes);
    if (metadata.batch_size === null) {
      throw new Error('LiteRT.js takes no file for any batch size: export it with --batch_size 1');
    }
    runtime ??= loadLiteRt(wasm);
    await runtime;
    return new Sampler(metadata, await loadAndCompile(bytes, {accelerator: 'wasm'}));
  }

  constructor(metadata, model) {
    this.metadata = metadata;
    this.model = model;
  }

  /**
   * Samples `0 ... num - 1` of a seed, those that the model gives.
   *
   * @param {number} num
   * @param {number} seed An integer from 0 to 2**31 - 1.
   * @param {number[]} labels For models with labels; in turn. By default, all classes.
   * @param {number} temperature For models that draw site by site.
   * @param {number} truncation For a BigGAN, in (0, 1].
   * @return {Promise<Uint8Array>} Of images, `num` of them.
   */
  async sample(num, seed, labels = null, temperature = 1, truncation = 1) {
    const stated = this.metadata.signatures.sample;
    if (!stated) throw new Error('the file has no signature `sample`');
    const inputs = {seed: Array.from({length: num}, (_, row) => [seed, row]).flat()};
    if (stated.inputs.y) {
      labels ??= Array.from({length: this.metadata.y.num_classes}, (_, label) => label);
      inputs.y = Array.from({length: num}, (_, row) => labels[row % labels.length]);
    }
    for (const [name, value] of Object.entries({temperature, truncation})) {
      if (stated.inputs[name]) inputs[name] = Array(num).fill(value);
    }
    return (await this.run('sample', inputs, num)).x;
  }

  /**
   * The outputs of a signature, in as many batches as needed.
   *
   * @param {string} signature One of `metadata.signatures`.
   * @param {Object<string, ArrayLike<number>>} inputs The numbers of all rows, by name.
   * @param {number} num How many rows.
   * @return {Promise<Object<string, TypedArray>>} The numbers of all rows, by name.
   */
  async run(signature, inputs, num) {
    const stated = this.metadata.signatures[signature];
    const rows = this.metadata.batch_size;
    const outputs = {};
    for (const [name, spec] of Object.entries(stated.outputs)) {
      outputs[name] = new ARRAYS[spec.dtype](num * sizeOf(spec));
    }
    for (let first = 0; first < num; first += rows) {
      const tensors = {};
      for (const [name, spec] of Object.entries(stated.inputs)) {
        const size = sizeOf(spec);
        const batch = new ARRAYS[spec.dtype](rows * size);
        for (let i = 0; i < rows; i++) {
          // Every batch is full: surplus rows are cut.
          const row = Math.min(first + i, num - 1);
          batch.set(inputs[name].slice(row * size, (row + 1) * size), i * size);
        }
        tensors[name] = new Tensor(batch, spec.shape);
      }
      const found = await this.model.run(signature, tensors);
      for (const [name, spec] of Object.entries(stated.outputs)) {
        const values = found[name].toTypedArray();
        const size = sizeOf(spec);
        outputs[name].set(values.subarray(0, (num - first) * size), first * size);
      }
      for (const tensor of [...Object.values(tensors), ...Object.values(found)]) {
        tensor.delete();
      }
    }
    return outputs;
  }
}

let runtime = null;

/** How many numbers a row has. */
function sizeOf(spec) {
  return spec.shape.slice(1).reduce((product, size) => product * size, 1);
}

async function checkBytes(bytes) {
  const stated = new TextDecoder().decode(bytes.subarray(-DIGITS));
  const digest = await crypto.subtle.digest('SHA-256', bytes.subarray(0, -DIGITS));
  const found = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0'));
  if (found.join('') !== stated) {
    throw new Error('this is no .tflite file of keras_gen, or it was changed');
  }
}

/** The JSON file that stands, not compressed, in the ZIP archive behind a model. */
function metadataOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entry = view.getUint32(bytes.length - DIGITS - END_OF_ARCHIVE + 16, true);
  const size = view.getUint32(entry + 20, true);
  const header = view.getUint32(entry + 42, true);
  const names = view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  const start = header + 30 + names;
  return JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + size)));
}
