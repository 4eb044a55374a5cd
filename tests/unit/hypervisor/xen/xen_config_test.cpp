// The whole configuration, word for word: what changes here changes the walls of every qube under Xen.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/hypervisor/xen/example_spec.h"

namespace bh::xen {
namespace {

TEST(LibxlConfig, Golden) {
  auto const config = libxl_config(example_spec());
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(libxl_json(*config), R"({
  "c_info": {
    "type": "pvh",
    "name": "work",
    "uuid": "12345678-9abc-4def-8000-00000000000a"
  },
  "b_info": {
    "max_vcpus": 2,
    "avail_vcpus": [
      0,
      1
    ],
    "max_memkb": 409600,
    "target_memkb": 409600,
    "shadow_memkb": 0,
    "kernel": "/templates/debian/vmlinux",
    "cmdline": "quiet console=hvc0 panic=-1 cryptomgr.notests=1 systemd.machine_id=123456789abc4def800000000000000a",
    "ramdisk": "/templates/debian/initrd.img",
    "type.pvh": {}
  },
  "disks": [
    {
      "pdev_path": "/templates/debian/root.img",
      "vdev": "xvda",
      "backend": "phy",
      "format": "raw",
      "readwrite": 0
    },
    {
      "pdev_path": "/volumes/work/private.img",
      "vdev": "xvdb",
      "backend": "phy",
      "format": "raw",
      "readwrite": 1
    }
  ],
  "on_poweroff": "destroy",
  "on_reboot": "destroy",
  "on_watchdog": "destroy",
  "on_crash": "destroy",
  "on_soft_reset": "destroy"
}
)");
}

TEST(LibxlConfig, VolumesKeepTheirNamesWhicheverAreThere) {
  machine::MachineSpec spec = example_spec();
  spec.root_image.reset();
  spec.volatile_volume = "/volumes/work/volatile.img";
  auto const config = libxl_config(spec);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->disks, (std::vector<DomainDisk>{{"xvdb", "/volumes/work/private.img", true}, {"xvdc", "/volumes/work/volatile.img", true}}));
  spec.private_volume.reset();
  spec.volatile_volume.reset();
  EXPECT_TRUE(libxl_config(spec)->disks.empty());
}

TEST(LibxlConfig, TheTemplatesRootIsNeverWritable) {
  auto const config = libxl_config(example_spec());
  ASSERT_TRUE(config.ok());
  for (auto const& disk : config->disks) EXPECT_EQ(disk.readwrite, disk.vdev != "xvda") << disk.vdev;
}

TEST(LibxlConfig, TextsCannotLeaveTheirField) {
  machine::MachineSpec spec = example_spec();
  spec.cmdline = R"(a", "type": "hvm", "x": "\)";
  spec.private_volume = R"(/volumes/"},{"vdev":"xvda)";
  auto const config = libxl_config(spec);
  ASSERT_TRUE(config.ok());
  auto const back = nlohmann::json::parse(libxl_json(*config));
  EXPECT_EQ(back["c_info"]["type"], "pvh");
  EXPECT_EQ(back["b_info"]["cmdline"], config->cmdline);
  ASSERT_EQ(back["disks"].size(), 2U);
  EXPECT_EQ(back["disks"][1]["pdev_path"], spec.private_volume->string());
}

TEST(LibxlConfig, AMachineSavedByQemuIsRefused) {
  machine::MachineSpec spec = example_spec();
  spec.restore_from.emplace();
  EXPECT_FALSE(libxl_config(spec).ok());
}

TEST(LibxlConfig, LargestMemoryDoesNotOverflow) {
  machine::MachineSpec spec = example_spec();
  spec.memory = machine::Mebibytes(UINT32_MAX);
  EXPECT_EQ(libxl_config(spec)->max_memkb, std::uint64_t{UINT32_MAX} * 1024);
}

}  // namespace
}  // namespace bh::xen
