//! Four words, on each of which the same is done. Natively only the tests have them, as an array.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use vectors::Lanes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use arrays::Lanes;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[expect(unsafe_code, reason = "a vector is read from memory and written there")]
mod vectors {
    use core::arch::wasm32::{
        i32x4_add, i32x4_shl, i32x4_shuffle, i64x2_shuffle, u32x4, u32x4_shr, u32x4_splat, v128, v128_load, v128_or,
        v128_store, v128_xor,
    };

    #[derive(Clone, Copy)]
    pub struct Lanes(v128);

    impl Lanes {
        pub fn splat(word: u32) -> Self {
            Self(u32x4_splat(word))
        }

        pub fn new([a, b, c, d]: [u32; 4]) -> Self {
            Self(u32x4(a, b, c, d))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Self(i32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }

        #[inline(always)]
        pub fn rotate_left<const N: u32>(self) -> Self {
            Self(v128_or(i32x4_shl(self.0, N), u32x4_shr(self.0, 32 - N)))
        }

        /// Lane by lane instead of word by word.
        #[inline(always)]
        pub fn transposed([Self(a), Self(b), Self(c), Self(d)]: [Self; 4]) -> [Self; 4] {
            let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
            let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
            [
                Self(i64x2_shuffle::<0, 2>(ab_low, cd_low)),
                Self(i64x2_shuffle::<1, 3>(ab_low, cd_low)),
                Self(i64x2_shuffle::<0, 2>(ab_high, cd_high)),
                Self(i64x2_shuffle::<1, 3>(ab_high, cd_high)),
            ]
        }

        /// Combine these bytes with the words, the lowest byte of each first.
        #[inline(always)]
        pub fn xor_into(self, bytes: &mut [u8; 16]) {
            let place = bytes.as_mut_ptr().cast::<v128>();
            // SAFETY: there are 16 bytes, borrowed for writing, and a vector may lie at any address.
            unsafe { v128_store(place, v128_xor(v128_load(place), self.0)) }
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod arrays {
    use core::array::from_fn;
    use core::iter::zip;

    #[derive(Clone, Copy)]
    pub struct Lanes([u32; 4]);

    impl Lanes {
        pub fn splat(word: u32) -> Self {
            Self([word; 4])
        }

        pub fn new(words: [u32; 4]) -> Self {
            Self(words)
        }

        pub fn add(self, other: Self) -> Self {
            Self(from_fn(|lane| self.0[lane].wrapping_add(other.0[lane])))
        }

        pub fn xor(self, other: Self) -> Self {
            Self(from_fn(|lane| self.0[lane] ^ other.0[lane]))
        }

        pub fn rotate_left<const N: u32>(self) -> Self {
            Self(self.0.map(|word| word.rotate_left(N)))
        }

        /// Lane by lane instead of word by word.
        pub fn transposed(words: [Self; 4]) -> [Self; 4] {
            from_fn(|lane| Self(words.map(|Self(lanes)| lanes[lane])))
        }

        /// Combine these bytes with the words, the lowest byte of each first.
        pub fn xor_into(self, bytes: &mut [u8; 16]) {
            let words = self.0.map(u32::to_le_bytes);
            zip(bytes, words.as_flattened()).for_each(|(to, from)| *to ^= from);
        }
    }
}
