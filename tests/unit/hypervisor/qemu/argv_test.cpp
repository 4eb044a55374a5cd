// The whole command line, word for word: what changes here changes the walls of every qube.
#include "hypervisor/qemu/argv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hypervisor/qemu/qemu_option.h"

namespace bh::qemu {
namespace {

using namespace machine;

MachineSpec spec() {
  MachineSpec made;
  made.name = "work";
  made.uuid = "12345678-9abc-4def-8000-000000000001";
  made.memory = Mebibytes(400);
  made.vcpus = VcpuCount(2);
  made.accel = Accel::tcg;
  made.tsc = Kilohertz(2600000);
  made.kernel = "/secret/vmlinux";
  made.initrd = "/secret/initrd.img";
  made.cmdline = "root=/dev/vda quiet";
  made.root_image = "/secret/root.img";
  made.overlay_folder = "/secret";
  made.private_volume = "/secret/private.img";
  made.run_folder = "/secret/run";
  made.log_file = "/secret/log";
  return made;
}

std::vector<std::string> values_of(std::vector<std::string> const& words, std::string const& flag) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == flag) values.push_back(words[i + 1]);
  }
  return values;
}
std::string value_of(std::vector<std::string> const& words, std::string const& flag) {
  auto const values = values_of(words, flag);
  return values.size() == 1 ? values[0] : "<" + std::to_string(values.size()) + " of " + flag + ">";
}

TEST(Argv, WholeMachineUnderTcg) {
  std::vector<std::string> const expected{
      "qemu", "-name", "guest=work", "-uuid", "12345678-9abc-4def-8000-000000000001",
      "-object", "memory-backend-file,id=ram,size=400M,mem-path=/proc/self/fd/12,share=on,dump=off,merge=off",
      "-machine", "q35,usb=off,vmport=off,smbus=off,sata=off,i8042=off,pit=off,pic=off,mem-merge=off,dump-guest-core=off,memory-backend=ram",
      "-accel", "tcg,tb-size=256", "-cpu", "max,erms=off", "-smp", "cpus=2", "-m", "size=400M", "-bios", "qboot.rom", "-nodefaults", "-no-user-config", "-no-reboot",
      "-display", "none", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
      "-kernel", "/proc/self/fd/6", "-initrd", "/proc/self/fd/7",
      "-append", "root=/dev/vda quiet console=ttyS0 panic=-1 cryptomgr.notests=1 no_timer_check tsc_early_khz=2600000 tsc=reliable systemd.machine_id=123456789abc4def8000000000000001",
      "-add-fd", "fd=5,set=5", "-chardev", "file,id=console,path=/dev/fdset/5,append=on", "-serial", "chardev:console",
      "-chardev", "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
      "-add-fd", "fd=8,set=8", "-add-fd", "fd=9,set=9",
      "-blockdev", "driver=file,node-name=template-file,filename=/dev/fdset/8,read-only=on,auto-read-only=off",
      "-blockdev", "driver=raw,node-name=template,file=template-file,read-only=on",
      "-blockdev", "driver=file,node-name=root-file,filename=/dev/fdset/9,discard=unmap,cache.no-flush=on",
      "-blockdev", "driver=qcow2,node-name=root,file=root-file,backing=template,discard=unmap,cache.no-flush=on",
      "-device", "virtio-blk-pci,drive=root,serial=root,werror=stop,rerror=stop,disable-legacy=on",
      "-add-fd", "fd=10,set=10",
      "-blockdev", "driver=file,node-name=private-file,filename=/dev/fdset/10,discard=unmap",
      "-blockdev", "driver=raw,node-name=private,file=private-file,discard=unmap",
      "-device", "virtio-blk-pci,drive=private,serial=private,werror=stop,rerror=stop,disable-legacy=on",
      "-chardev", "socket,id=mux,fd=4,server=on,wait=off",
      "-device", "virtio-serial-pci,max_ports=2,disable-legacy=on", "-device", "virtserialport,chardev=mux,name=bulkhead.mux,nr=1",
      "-object", "memory-backend-file,id=window-memory,size=67108864,mem-path=/proc/self/fd/11,share=on,dump=off,merge=off",
      "-device", "ivshmem-plain,memdev=window-memory,master=on",
      "-object", "main-loop,id=main-loop,thread-pool-max=32", "-object", "rng-builtin,id=rng", "-device", "virtio-rng-pci,rng=rng,disable-legacy=on",
      "-device", "virtio-balloon-pci,id=balloon,free-page-reporting=on,deflate-on-oom=on,disable-legacy=on",
      "-device", "pcie-root-port,id=wire0,chassis=1"};
  EXPECT_EQ(argv(spec(), "qemu"), expected);
}

TEST(Argv, KvmUsesTheHostsProcessorAndItsOwnClock) {
  MachineSpec kvm = spec();
  kvm.accel = Accel::kvm;
  auto const words = argv(kvm, "qemu");
  EXPECT_EQ(value_of(words, "-accel"), "kvm");
  EXPECT_EQ(value_of(words, "-cpu"), "host");
  EXPECT_EQ(value_of(words, "-append").find("tsc"), std::string::npos);
  EXPECT_EQ(value_of(words, "-append").find("no_timer_check"), std::string::npos) << "KVM's guests need no such help";
}

TEST(Argv, GuestThatMustMeasureItsClockGetsATimerForIt) {
  MachineSpec unmeasured = spec();
  unmeasured.tsc.reset();
  auto const words = argv(unmeasured, "qemu");
  EXPECT_EQ(value_of(words, "-machine").find("pit=off"), std::string::npos);
  EXPECT_EQ(value_of(words, "-machine").find("pic=off"), std::string::npos);
  EXPECT_EQ(value_of(words, "-append").find("tsc"), std::string::npos);
}

TEST(Argv, PartsThatAreNotThereAreNotSpokenOf) {
  MachineSpec bare = spec();
  bare.root_image.reset();
  bare.private_volume.reset();
  bare.window_memory = ByteCount(0);
  auto const words = argv(bare, "qemu");
  EXPECT_TRUE(values_of(words, "-blockdev").empty());
  EXPECT_EQ(values_of(words, "-object").size(), 3U);
}

TEST(Argv, CloneDiffersFromItsSnapshotInItsBackingOnly) {
  MachineSpec clone = spec();
  clone.restore_from = SnapshotFiles{};
  auto words = argv(clone, "qemu");
  auto const saved = argv(spec(), "qemu");
  ASSERT_GE(words.size(), 2U);
  EXPECT_EQ((std::vector<std::string>{words.end() - 2, words.end()}), (std::vector<std::string>{"-incoming", "defer"}));
  EXPECT_EQ(values_of(words, "-device"), values_of(saved, "-device")) << "the saved state knows devices by their order";
  EXPECT_EQ(values_of(words, "-object"), values_of(saved, "-object"));
  auto const disks = values_of(words, "-blockdev");
  ASSERT_EQ(disks.size(), 8U);
  EXPECT_EQ(disks[2], "driver=file,node-name=snapshot-file,filename=/dev/fdset/14,read-only=on,auto-read-only=off");
  EXPECT_EQ(disks[3], "driver=qcow2,node-name=snapshot,file=snapshot-file,backing=template,read-only=on");
  EXPECT_EQ(disks[5], "driver=qcow2,node-name=root,file=root-file,backing=snapshot,discard=unmap,cache.no-flush=on");
}

TEST(Argv, SharedMemoryIsMappedPrivately) {
  MachineSpec clone = spec();
  clone.balloon = false;
  clone.restore_from = SnapshotFiles{};
  clone.restore_from->shared_memory = std::make_shared<UniqueFd const>();
  EXPECT_EQ(values_of(argv(clone, "qemu"), "-object")[0], "memory-backend-file,id=ram,size=400M,mem-path=/proc/self/fd/12,share=off,dump=off,merge=off");
}

TEST(Argv, VolatileVolumeIsRawSaidAloud) {
  MachineSpec with = spec();
  with.volatile_volume = "/secret/volatile";
  auto const words = argv(with, "qemu");
  auto const disks = values_of(words, "-blockdev");
  ASSERT_EQ(disks.size(), 8U);
  EXPECT_EQ(disks[6], "driver=file,node-name=volatile-file,filename=/dev/fdset/13,discard=unmap,cache.no-flush=on");
  EXPECT_EQ(disks[7], "driver=raw,node-name=volatile,file=volatile-file,discard=unmap,cache.no-flush=on");
  EXPECT_EQ(values_of(words, "-device")[2], "virtio-blk-pci,drive=volatile,serial=volatile,werror=stop,rerror=stop,disable-legacy=on");
}

TEST(Argv, WiresArePlacesWithoutCards) {
  MachineSpec netvm = spec();
  netvm.wires = WireCount(3);
  auto const devices = values_of(argv(netvm, "qemu"), "-device");
  EXPECT_EQ((std::vector<std::string>{devices.end() - 3, devices.end()}),
            (std::vector<std::string>{"pcie-root-port,id=wire0,chassis=1", "pcie-root-port,id=wire1,chassis=2", "pcie-root-port,id=wire2,chassis=3"}));
  netvm.wires = WireCount(0);
  netvm.balloon = false;
  for (auto const& device : values_of(argv(netvm, "qemu"), "-device")) {
    EXPECT_EQ(device.find("pcie-root-port"), std::string::npos);
    EXPECT_EQ(device.find("balloon"), std::string::npos);
  }
}

TEST(Argv, NoNameOfOursReachesQemuAndThereIsNoNetworkCard) {
  for (auto const& word : argv(spec(), "qemu")) {
    EXPECT_EQ(word.find("/secret"), std::string::npos) << word;
    EXPECT_EQ(word.find("netdev"), std::string::npos) << word;
    EXPECT_EQ(word.find("-nic"), std::string::npos) << word;
  }
}

TEST(Argv, HostileTextsChangeNothingButThemselves) {
  auto const plain = argv(spec(), "qemu");
  for (std::string const hostile : {"x,debug-threads=on", "a,,b", ",", "-device", "x\"y<z>", "guest=evil", "a b"}) {
    MachineSpec changed = spec();
    changed.name = hostile;
    changed.cmdline = hostile;
    auto const words = argv(changed, "qemu");
    ASSERT_EQ(words.size(), plain.size());
    EXPECT_EQ(parse_option(value_of(words, "-name"), false), (ParsedOption{"", {{"guest", hostile}}}));
    // -append is not an option list: QEMU hands it to the kernel as it is.
    EXPECT_TRUE(value_of(words, "-append").starts_with(hostile + " console=ttyS0"));
    std::size_t different = 0;
    for (std::size_t i = 0; i < words.size(); ++i) different += words[i] == plain[i] ? 0U : 1U;
    EXPECT_EQ(different, 2U) << hostile;
  }
}

TEST(Argv, ProbeHasNoDiskPortOrControl) {
  auto const words = probe_argv(spec(), "qemu");
  for (char const* flag : {"-blockdev", "-device", "-object", "-mon"}) EXPECT_TRUE(values_of(words, flag).empty()) << flag;
  EXPECT_TRUE(value_of(words, "-append").ends_with(" bulkhead.probe=1"));
}

}  // namespace
}  // namespace bh::qemu
