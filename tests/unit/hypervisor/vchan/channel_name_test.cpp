#include "hypervisor/vchan/channel_name.h"

#include <gtest/gtest.h>

namespace bh::vchan {
namespace {

TEST(ChannelName, IsWrittenAsTheSheetSays) {
  EXPECT_EQ((ChannelName{DomainId(42), kDom0, Port(512)}.file_name()), "vchan.42.0.512.sock");
}

TEST(ChannelName, ReadsBackWhatItWrites) {
  for (std::uint32_t const port : {0U, 512U, 6000U, UINT32_MAX}) {
    ChannelName const name{DomainId(kMaxDomainId), DomainId(7), Port(port)};
    EXPECT_EQ(ChannelName::parse(name.file_name()), name);
  }
}

TEST(ChannelName, TakesNoOtherSpelling) {
  for (char const* text : {"", "vchan", "vchan.1.2.3", "vchan.1.2.3.sock.", "vchan.1.2.3.sockx", "vchan.01.2.3.sock", "vchan.+1.2.3.sock",
                           "vchan.1.2..sock", "vchan.1.2.3.4.sock", "vchan.-1.2.3.sock", "vchan.32752.2.3.sock", "vchan.1.32752.3.sock",
                           "vchan.1.2.4294967296.sock", "Vchan.1.2.3.sock", " vchan.1.2.3.sock", "vchan.1.2.0x3.sock"}) {
    EXPECT_FALSE(ChannelName::parse(text)) << text;
  }
}

}  // namespace
}  // namespace bh::vchan
