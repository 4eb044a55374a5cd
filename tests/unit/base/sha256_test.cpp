// SHA-256 against the published vectors of FIPS 180-4, and in pieces.
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace bh {
namespace {

TEST(Sha256, KnowsThePublishedVectors) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(as_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(as_bytes(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheSameSum) {
  std::string const text(300, 'x');
  for (std::size_t length : {55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U, 300U}) {
    std::string const whole = sha256_hex(as_bytes(text.substr(0, length)));
    for (std::size_t piece : {1U, 7U, 64U, 65U}) {
      Sha256 sum;
      for (std::size_t at = 0; at < length; at += piece) sum.add(as_bytes(text).subspan(at, std::min(piece, length - at)));
      EXPECT_EQ(to_hex(sum.finish()), whole) << length << " in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace bh
