// Renders the faces of avatar_faces: node avatar_faces.mjs FOLDER [STYLE]
// Run it in a folder in which you have run
//   npm install --ignore-scripts @dicebear/core@9.4.3 @dicebear/pixel-art@9.4.3 \
//     @dicebear/adventurer@9.4.3 @resvg/resvg-js@2.6.2
// It writes FOLDER/<style>.<split>.rgb (the bytes of the images), .jsonl (their attributes, one line an image; a pair is
// two images, one after the other) and <style>.names.json. avatar_faces.py makes a set of TFDS of them.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { createAvatar } from '@dicebear/core';
import { Resvg } from '@resvg/resvg-js';
import * as pixelArt from '@dicebear/pixel-art';
import * as adventurer from '@dicebear/adventurer';

// Small generator with a 32-bit state (mulberry32), so that the draws do not depend on a library.
function generator(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { pick: (list) => list[Math.floor(next() * list.length)] };
}

const values = (style, key) => [...style.schema.properties[key].default].sort();
const range = (n) => Array.from({ length: n }, (_, i) => String(i + 1).padStart(2, '0'));

// Glasses are drawn as none/light/dark and a beard as no/yes, then their shapes. Every attribute is
// drawn every time, so the draws stay independent of one another; tidy() names what is then seen.
const configs = {
  pixel_art: {
    style: pixelArt, pixels: 16, seed: 20261126,
    splits: { train: 20000, test: 2000 },
    pairs: { hair_color_pairs: 1000, sunglasses_pairs: 1000 },
    lists: {
      hair: values(pixelArt, 'hair'), hair_color: values(pixelArt, 'hairColor'),
      skin_color: values(pixelArt, 'skinColor'),
      glasses: ['none', 'light', 'dark'], glasses_shape: range(7), glasses_color: values(pixelArt, 'glassesColor'),
      eyes: values(pixelArt, 'eyes'), eyes_color: values(pixelArt, 'eyesColor'),
      mouth: values(pixelArt, 'mouth'), mouth_color: values(pixelArt, 'mouthColor'),
      beard: ['no', 'yes'], beard_shape: values(pixelArt, 'beard'),
      clothing: values(pixelArt, 'clothing'), clothing_color: values(pixelArt, 'clothingColor'),
    },
    names: { glasses_shape: ['none', ...range(7)], glasses_color: ['none', ...values(pixelArt, 'glassesColor')],
      beard_shape: ['none', ...values(pixelArt, 'beard')] },
    tidy: (a) => ({
      ...a,
      ...(a.glasses === 'none' ? { glasses_shape: 'none', glasses_color: 'none' } : {}),
      ...(a.beard === 'no' ? { beard_shape: 'none' } : {}),
    }),
    options: (a) => ({
      hair: [a.hair], hairColor: [a.hair_color], skinColor: [a.skin_color],
      glasses: [a.glasses === 'none' ? 'dark01' : a.glasses + a.glasses_shape],
      glassesColor: [a.glasses === 'none' ? '191919' : a.glasses_color],
      glassesProbability: a.glasses === 'none' ? 0 : 100,
      eyes: [a.eyes], eyesColor: [a.eyes_color], mouth: [a.mouth], mouthColor: [a.mouth_color],
      beard: [a.beard === 'no' ? 'variant01' : a.beard_shape], beardProbability: a.beard === 'no' ? 0 : 100,
      clothing: [a.clothing], clothingColor: [a.clothing_color],
      hatProbability: 0, accessoriesProbability: 0,
    }),
  },
  adventurer: {
    style: adventurer, pixels: 64, seed: 20261127,
    splits: { train: 6000, test: 600 },
    pairs: { hair_color_pairs: 300, sunglasses_pairs: 300 },
    lists: {
      // short19 (a shaved head) has no hair colour.
      hair: values(adventurer, 'hair').filter((x) => x !== 'short19'),
      hair_color: values(adventurer, 'hairColor'), skin_color: values(adventurer, 'skinColor'),
      // variant01 is the one pair of sunglasses.
      glasses: ['none', 'light', 'dark'], glasses_shape: values(adventurer, 'glasses').filter((x) => x !== 'variant01'),
      eyes: values(adventurer, 'eyes'), eyebrows: values(adventurer, 'eyebrows'), mouth: values(adventurer, 'mouth'),
      feature: ['none', ...values(adventurer, 'features')],
    },
    names: { glasses_shape: ['none', ...values(adventurer, 'glasses')] },
    tidy: (a) => ({ ...a, glasses_shape: { none: 'none', light: a.glasses_shape, dark: 'variant01' }[a.glasses] }),
    options: (a) => ({
      base: ['default'], hair: [a.hair], hairColor: [a.hair_color], hairProbability: 100, skinColor: [a.skin_color],
      glasses: [a.glasses === 'none' ? 'variant01' : a.glasses_shape], glassesProbability: a.glasses === 'none' ? 0 : 100,
      eyes: [a.eyes], eyebrows: [a.eyebrows], mouth: [a.mouth],
      features: [a.feature === 'none' ? 'blush' : a.feature], featuresProbability: a.feature === 'none' ? 0 : 100,
      earringsProbability: 0,
    }),
  },
};

function draw(config, rng) {
  const a = {};
  for (const [key, list] of Object.entries(config.lists)) a[key] = rng.pick(list);
  return a;
}

function render(config, drawn) {
  const a = config.tidy(drawn);
  const svg = createAvatar(config.style, { seed: 'x', backgroundColor: ['ffffff'], ...config.options(a) }).toString();
  const image = new Resvg(svg, {
    background: 'white', fitTo: { mode: 'width', value: config.pixels }, font: { loadSystemFonts: false },
  }).render();
  const rgba = image.pixels;
  const n = config.pixels * config.pixels;
  if (rgba.length !== 4 * n) throw new Error('size');
  const rgb = Buffer.alloc(3 * n);
  for (let i = 0; i < n; i++) {
    if (rgba[4 * i + 3] !== 255) throw new Error('transparent pixel');
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c];
  }
  return { rgb, attributes: a, key: createHash('sha256').update(rgb).digest('hex') };
}

function changed(x, y) {
  let n = 0;
  for (let i = 0; i < x.length; i += 3) if (x[i] !== y[i] || x[i + 1] !== y[i + 1] || x[i + 2] !== y[i + 2]) n++;
  return n;
}

function write(out, name, faces) {
  fs.writeFileSync(path.join(out, name + '.rgb'), Buffer.concat(faces.map((f) => f.rgb)));
  fs.writeFileSync(path.join(out, name + '.jsonl'), faces.map((f) => JSON.stringify(f.attributes) + '\n').join(''));
}

const out = process.argv[2];
fs.mkdirSync(out, { recursive: true });
const chosen = process.argv[3] ? { [process.argv[3]]: configs[process.argv[3]] } : configs;
for (const [name, config] of Object.entries(chosen)) {
  const names = { ...config.lists, ...config.names };
  fs.writeFileSync(path.join(out, name + '.names.json'), JSON.stringify(names, null, 1) + '\n');

  const seen = new Set(); // no image occurs twice, in whatever split: a face seen before is drawn again
  let seed = config.seed, again = 0;
  for (const [split, count] of Object.entries(config.splits)) {
    const rng = generator(seed++), faces = [];
    while (faces.length < count) {
      const face = render(config, draw(config, rng));
      if (seen.has(face.key)) { again++; continue; }
      seen.add(face.key);
      faces.push(face);
    }
    write(out, `${name}.${split}`, faces);
  }
  for (const [split, count] of Object.entries(config.pairs)) {
    const rng = generator(seed++), faces = [];
    const least = config.pixels === 16 ? 4 : 16; // pairs that hardly differ are drawn again
    let hidden = 0;
    while (faces.length < 2 * count) {
      const a = draw(config, rng), b = { ...a };
      if (split === 'hair_color_pairs') {
        b.hair_color = rng.pick(config.lists.hair_color.filter((x) => x !== a.hair_color));
      } else {
        a.glasses = 'none';
        b.glasses = 'dark';
      }
      const x = render(config, a), y = render(config, b);
      if (changed(x.rgb, y.rgb) < least) { hidden++; continue; }
      if (seen.has(x.key) || seen.has(y.key)) { again++; continue; }
      seen.add(x.key);
      seen.add(y.key);
      faces.push(x, y);
    }
    write(out, `${name}.${split}`, faces);
    console.log(name, split, 'drawn again because they hardly differ:', hidden);
  }
  console.log(name, seen.size, 'images; drawn again because seen before:', again);
}
