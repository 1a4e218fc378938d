;; The two loops of mersenne-twister.ts that dropout masks spend their time in, four words at a time.
;; Memory: 624 words of state at 0, four more that repeat the first ones, and masks from 4096 on.
(module
  (memory (export "memory") 3)

  ;; Makes the next 624 words. Each comes from the word before it is overwritten, its neighbour, and the word 397 further on
  ;; (227 back, past the end).
  (func $twist (export "twist")
    (local $at i32) (local $word v128) (local $neighbour v128)
    (loop $words
      (local.set $neighbour (v128.load offset=4 align=4 (local.get $at)))
      (local.set $word (v128.or
        (v128.and (v128.load (local.get $at)) (i32x4.splat (i32.const 0x80000000)))
        (v128.and (local.get $neighbour) (i32x4.splat (i32.const 0x7fffffff)))))
      (v128.store (local.get $at)
        (v128.xor
          (v128.load align=4 (i32.add (local.get $at)
            (select (i32.const 1588) (i32.const -908) (i32.lt_u (local.get $at) (i32.const 912)))))
          (v128.xor
            (i32x4.shr_u (local.get $word) (i32.const 1))
            (v128.and
              (i32x4.neg (v128.and (local.get $neighbour) (i32x4.splat (i32.const 1))))
              (i32x4.splat (i32.const 0x9908b0df))))))
      (if (i32.eqz (local.get $at))
        (then (v128.store (i32.const 2496) (v128.load (i32.const 0)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $words (i32.lt_u (local.get $at) (i32.const 2496)))))

  (func $temper (param $y v128) (result v128)
    (local.set $y (v128.xor (local.get $y) (i32x4.shr_u (local.get $y) (i32.const 11))))
    (local.set $y (v128.xor (local.get $y)
      (v128.and (i32x4.shl (local.get $y) (i32.const 7)) (i32x4.splat (i32.const 0x9d2c5680)))))
    (local.set $y (v128.xor (local.get $y)
      (v128.and (i32x4.shl (local.get $y) (i32.const 15)) (i32x4.splat (i32.const 0xefc60000)))))
    (v128.xor (local.get $y) (i32x4.shr_u (local.get $y) (i32.const 18))))

  ;; Writes 4 * $groups words from 4096 on: $bits where a pair of draws, 21 bits and 32, is below ($high, $low), else 0.
  ;; $next, the state's next word, must be a multiple of 8; the result is the new one.
  (func (export "bernoulli")
    (param $next i32) (param $groups i32) (param $high i32) (param $low i32) (param $bits i32) (result i32)
    (local $out i32) (local $end i32) (local $first v128) (local $second v128) (local $value v128) (local $keep v128)
    (local.set $out (i32.const 4096))
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $groups) (i32.const 4))))
    (local.set $next (i32.shl (local.get $next) (i32.const 2)))
    (block $done
      (loop $group
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (if (i32.eq (local.get $next) (i32.const 2496))
          (then (call $twist) (local.set $next (i32.const 0))))
        (local.set $first (v128.load (local.get $next)))
        (local.set $second (v128.load offset=16 (local.get $next)))
        (local.set $value (v128.and
          (call $temper (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $first) (local.get $second)))
          (i32x4.splat (i32.const 0x1fffff))))
        (local.set $keep (i32x4.lt_u (local.get $value) (i32x4.splat (local.get $high))))
        (local.set $value (i32x4.eq (local.get $value) (i32x4.splat (local.get $high))))
        ;; Only a tie of the high words makes the low ones matter.
        (if (v128.any_true (local.get $value))
          (then (local.set $keep (v128.or (local.get $keep) (v128.and (local.get $value)
            (i32x4.lt_u
              (call $temper
                (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $first) (local.get $second)))
              (i32x4.splat (local.get $low))))))))
        (v128.store (local.get $out) (v128.and (local.get $keep) (i32x4.splat (local.get $bits))))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (local.set $next (i32.add (local.get $next) (i32.const 32)))
        (br $group)))
    (i32.shr_u (local.get $next) (i32.const 2))))
