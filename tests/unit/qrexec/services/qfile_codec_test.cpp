#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <random>

#include "qrexec/services/crc32.h"
#include "qrexec/services/qfile_decoder.h"

namespace bh::qfile {
namespace {

struct Entry {
  std::string name;  // the NUL is added
  std::uint32_t mode = S_IFREG | 0644;
  std::string body;
};

Bytes wire(RawHeader const& header, std::string_view tail) {
  Bytes bytes = encode(header);
  auto const more = as_bytes(tail);
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

Bytes wire(std::vector<Entry> const& entries, bool end = true) {
  Bytes bytes;
  for (auto const& entry : entries) {
    RawHeader header;
    header.name_length = static_cast<std::uint32_t>(entry.name.size() + 1);
    header.mode = entry.mode;
    header.file_length = entry.body.size();
    Bytes const one = wire(header, entry.name + std::string(1, '\0') + entry.body);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  if (end) bytes.resize(bytes.size() + kHeaderSize);
  return bytes;
}

// Events as one line of text.
std::string told(StreamDecoder& decoder, ByteSpan input) {
  std::string text;
  while (auto const event = decoder.next(input)) {
    if (auto const* file = std::get_if<FileEntry>(&*event)) {
      text += "file " + file->name.text() + " " + std::to_string(file->permissions) + " " + std::to_string(file->length) + " [";
    } else if (auto const* contents = std::get_if<Contents>(&*event)) {
      text += as_text(contents->bytes);
    } else if (std::get_if<FileEnd>(&*event) != nullptr) {
      text += "]; ";
    } else if (auto const* directory = std::get_if<DirectoryEntry>(&*event)) {
      text += "dir " + directory->name.text() + "; ";
    } else if (auto const* link = std::get_if<LinkEntry>(&*event)) {
      text += "link " + link->name.text() + " -> " + link->target.text() + "; ";
    } else if (auto const* refused = std::get_if<Refused>(&*event)) {
      text += "refused " + std::to_string(refused->error_code);
    } else {
      text += "end";
    }
  }
  return text;
}
std::string told(ByteSpan input, DecoderLimits limits = {}) {
  StreamDecoder decoder(limits);
  return told(decoder, input);
}
std::string refused(int code) { return "refused " + std::to_string(code); }

TEST(Crc32, IsZlibs) {
  EXPECT_EQ(crc32(0, as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32(0, {}), 0U);
  std::string const text(1000, 'x');
  for (std::size_t cut = 0; cut < 30; ++cut) {
    EXPECT_EQ(crc32(crc32(0, as_bytes(text).first(cut)), as_bytes(text).subspan(cut)), crc32(0, as_bytes(text)));
  }
}

TEST(QfileDecoder, TellsATreeInPiecesOfAnySize) {
  Bytes const bytes = wire({{"t", S_IFDIR | 0755, ""}, {"t/a", S_IFREG | 0640, "hello"}, {"t/empty", S_IFREG | 0600, ""},
                            {"t/l", S_IFLNK | 0777, "a"}, {"t", S_IFDIR | 0755, ""}});
  std::string const expected = "dir t; file t/a 416 5 [hello]; file t/empty 384 0 []; link t/l -> a; dir t; end";
  EXPECT_EQ(told(bytes), expected);
  for (std::size_t const piece : {1UL, 2UL, 7UL, 31UL, 33UL}) {
    StreamDecoder decoder({});
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += piece) text += told(decoder, ByteSpan(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    EXPECT_EQ(text, expected);
    EXPECT_EQ(decoder.crc(), crc32(0, bytes));
    EXPECT_EQ(decoder.error_at_end_of_stream(), 0U);
  }
}

TEST(QfileDecoder, KnowsWhereAStreamWasCut) {
  Bytes const bytes = wire({{"t", S_IFDIR | 0755, ""}, {"t/a", S_IFREG | 0640, "hello"}, {"t", S_IFDIR | 0755, ""}});
  std::size_t const contents = 32 + 2 + 32 + 4;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    StreamDecoder decoder({});
    told(decoder, ByteSpan(bytes).first(cut));
    std::uint32_t const expected = cut >= contents && cut < contents + 5 ? kStreamCut : EREMOTEIO;
    EXPECT_EQ(decoder.error_at_end_of_stream(), expected) << cut;
  }
}

TEST(QfileDecoder, HearsNothingAfterTheEnd) {
  Bytes bytes = wire({});
  Bytes const more = wire({{"a", S_IFREG, "x"}});
  bytes.insert(bytes.end(), more.begin(), more.end());
  EXPECT_EQ(told(bytes), "end");
}

TEST(QfileDecoder, HoldsTheLengthsOfNames) {
  RawHeader header;
  header.mode = S_IFREG;
  for (std::uint32_t const length : {kMaxWireName + 1, 65536U, UINT32_MAX}) {
    header.name_length = length;
    EXPECT_EQ(told(wire(header, "")), refused(ENAMETOOLONG));
  }
  header.name_length = kMaxWireName;
  EXPECT_EQ(told(wire(header, std::string(kMaxWireName - 1, 'a') + '\0')).substr(0, 5), "file ");
  header.name_length = 1;
  EXPECT_EQ(told(wire(header, std::string(1, '\0'))), refused(EILSEQ));
  header.name_length = 2;
  EXPECT_EQ(told(wire(header, "ab")), refused(EINVAL));
  header.name_length = 4;
  EXPECT_EQ(told(wire(header, std::string("a\0b\0", 4))), refused(EILSEQ));
}

TEST(QfileDecoder, RefusesImpossibleHeaders) {
  RawHeader header;
  header.name_length = 2;
  header.mode = S_IFREG;
  header.times.access_nanoseconds = kMaxNanoseconds + 1;
  EXPECT_EQ(told(wire(header, "")), refused(EINVAL));
  header.times = {0, kMaxNanoseconds, 0, UINT32_MAX};
  EXPECT_EQ(told(wire(header, "")), refused(EINVAL));
  header.times = {};
  header.file_length = kMaxFileLength + 1;
  EXPECT_EQ(told(wire(header, "")), refused(EDQUOT));
  header.file_length = 1;
  header.mode = S_IFDIR;
  EXPECT_EQ(told(wire(header, "")), refused(EINVAL));
  header.mode = S_IFLNK;
  header.file_length = kMaxTargetLength + 1;
  EXPECT_EQ(told(wire(header, "")), refused(ENAMETOOLONG));
  header.file_length = 0;
  for (std::uint32_t const mode : {0U, std::uint32_t{S_IFCHR}, std::uint32_t{S_IFBLK}, std::uint32_t{S_IFIFO}, std::uint32_t{S_IFSOCK}, 0xFFFFFFFFU}) {
    header.mode = mode;
    EXPECT_EQ(told(wire(header, std::string("a\0", 2))), refused(EINVAL)) << mode;
  }
  RawHeader end;
  end.mode = S_IFREG;
  EXPECT_EQ(told(wire(end, "")), refused(EINVAL));
}

TEST(QfileDecoder, DropsSetUserIdAndStickyBits) {
  EXPECT_EQ(told(wire({{"a", S_IFREG | 07777, ""}})), "file a 511 0 []; end");
}

TEST(QfileDecoder, CountsEntries) {
  std::vector<Entry> entries(5, Entry{"a", S_IFREG, ""});
  std::string const four = "file a 0 0 []; file a 0 0 []; file a 0 0 []; file a 0 0 []; ";
  EXPECT_EQ(told(wire(entries), {NameRules::strict, 4}), four + refused(EDQUOT));
  EXPECT_EQ(told(wire(entries), {NameRules::strict, 5}), four + "file a 0 0 []; end");
}

TEST(QfileDecoder, RefusesNamesAndLinksByTheRules) {
  EXPECT_EQ(told(wire({{"../a", S_IFREG, ""}})), refused(EILSEQ));
  EXPECT_EQ(told(wire({{"a\x01", S_IFREG, ""}})), refused(EILSEQ));
  EXPECT_EQ(told(wire({{"a\x01", S_IFREG, ""}}), {NameRules::allow_all, 10}), "file a\x01 0 0 []; end");
  EXPECT_EQ(told(wire({{"l", S_IFLNK, "x"}})), refused(ENOLINK));
  EXPECT_EQ(told(wire({{"l", S_IFLNK, "/etc/passwd"}})), refused(ENOLINK));
  EXPECT_EQ(told(wire({{"t/l", S_IFLNK, ".."}})), refused(ENOLINK));
  EXPECT_EQ(told(wire({{"t/l", S_IFLNK, ""}})), refused(ENOLINK));
}

TEST(TransferResult, ReadsBackWhatItWrites) {
  Bytes const bytes = encode(TransferResult{EEXIST, 0xDEADBEEF, "t/a"});
  ASSERT_EQ(bytes.size(), 16U + 4 + 3);
  auto const result = decode_result(bytes, false);
  ASSERT_TRUE(result && *result);
  EXPECT_EQ((*result)->error_code, std::uint32_t{EEXIST});
  EXPECT_EQ((*result)->crc, 0xDEADBEEFU);
  EXPECT_EQ((*result)->last_name, "t/a");
}

TEST(TransferResult, TakesAnswersWithoutANameOnlyAtTheEnd) {
  Bytes const bytes = encode(TransferResult{0, 1, "abc"});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto const early = decode_result(ByteSpan(bytes).first(size), false);
    ASSERT_TRUE(early);
    EXPECT_FALSE(*early) << size;
    auto const late = decode_result(ByteSpan(bytes).first(size), true);
    ASSERT_TRUE(late);
    EXPECT_EQ(late->has_value(), size >= kResultSize) << size;
  }
}

TEST(TransferResult, RefusesNonsenseOfAReceiver) {
  Bytes bytes = encode(TransferResult{0, 1, ""});
  bytes[4] = std::byte{1};
  EXPECT_FALSE(decode_result(bytes, true));
  bytes = encode(TransferResult{0, 1, ""});
  bytes[12] = std::byte{1};
  EXPECT_FALSE(decode_result(bytes, true));
  bytes = encode(TransferResult{0, 1, ""});
  bytes[18] = std::byte{1};  // a name of 65536 bytes
  EXPECT_FALSE(decode_result(bytes, false));
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    Bytes noise(random() % 64);
    for (auto& byte : noise) byte = static_cast<std::byte>(random() % 4 == 0 ? random() : 0);
    auto const result = decode_result(noise, random() % 2 == 0);
    if (result && *result) {
      EXPECT_LE((*result)->last_name.size(), noise.size());
    }
  }
}

}  // namespace
}  // namespace bh::qfile
