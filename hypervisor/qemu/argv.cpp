#include "hypervisor/qemu/argv.h"

#include <cctype>

#include "hypervisor/qemu/qemu_option.h"
#include "hypervisor/qemu/wire_id.h"

namespace bh::qemu {

using machine::Accel;
using machine::MachineSpec;

namespace {

class Argv {
 public:
  explicit Argv(std::string const& program) : words_{program} {}
  Argv& flag(char const* name) {
    words_.emplace_back(name);
    return *this;
  }
  Argv& add(char const* name, QemuOption const& option) { return raw(name, option.text()); }
  // For arguments that QEMU takes as they are, without its comma syntax.
  Argv& raw(char const* name, std::string value) {
    words_.emplace_back(name);
    words_.push_back(std::move(value));
    return *this;
  }
  Argv& inherit(int number) {
    return add("-add-fd", QemuOption().set("fd", static_cast<std::uint64_t>(number)).set("set", static_cast<std::uint64_t>(number)));
  }
  std::vector<std::string> take() && { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

std::string self_fd(int number) { return "/proc/self/fd/" + std::to_string(number); }
std::string fd_set(int number) { return "/dev/fdset/" + std::to_string(number); }

// The uuid's digits alone. Without it every start of a qube would be another machine to the guest's systemd, and its journal of the
// last start another's.
std::string machine_id(std::string const& uuid) {
  std::string digits;
  for (char const c : uuid) {
    if (c != '-') digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return " systemd.machine_id=" + digits;
}

// A PIT only where the guest has to measure its clock by it (lab figures: without PIT and without the TSC's rate it measures wrongly).
bool needs_pit(MachineSpec const& spec) { return spec.accel == Accel::tcg && !spec.tsc; }

std::string kernel_arguments(MachineSpec const& spec) {
  std::string text = spec.cmdline;
  if (!text.empty()) text += ' ';
  // panic=-1: reboot at once, which ends the machine; a qube that hangs in a panic would look alive.
  text += "console=ttyS0 panic=-1 cryptomgr.notests=1";
  // A busy host delivers the ticks of the kernel's timer check too late, and the kernel panics: "IO-APIC + timer doesn't work".
  if (spec.accel == Accel::tcg) text += " no_timer_check";
  if (spec.accel == Accel::tcg && spec.tsc) {
    text += " tsc_early_khz=" + std::to_string(spec.tsc->value()) + " tsc=reliable";
  }
  return text;
}

// In memory of its own that outlives no machine and that can be saved by copying a file. Shared with this process only; clones that
// share a template's pages get a private view of it.
void add_ram(Argv& out, MachineSpec const& spec) {
  QemuOption ram("memory-backend-file");
  ram.set("id", "ram").set("size", std::to_string(spec.memory.value()) + "M").set("mem-path", self_fd(child_fd::kRam));
  ram.set("share", spec.restore_from && spec.restore_from->shared_memory != nullptr ? "off" : "on").off("dump").off("merge");
  out.add("-object", ram);
}

void add_machine(Argv& out, MachineSpec const& spec, bool ram_in_file) {
  QemuOption machine("q35");
  machine.off("usb").off("vmport").off("smbus").off("sata").off("i8042");
  if (!needs_pit(spec)) machine.off("pit").off("pic");
  // Same-page merging would let one qube learn of another's memory; a core file would hold the qube's.
  machine.off("mem-merge").off("dump-guest-core");
  if (ram_in_file) machine.set("memory-backend", "ram");
  out.add("-machine", machine);
  QemuOption accel(to_string(spec.accel));
  // TCG keeps what it has translated, by default up to 1 GiB a qube; a guest's working set is a fraction of that.
  if (spec.accel == Accel::tcg) accel.set("tb-size", std::uint64_t{256});
  out.add("-accel", accel);
  // TCG steps through `rep movsb` byte by byte; without erms kernel and libc copy with wide moves, more than ten times as fast.
  out.add("-cpu", spec.accel == Accel::kvm ? QemuOption("host") : QemuOption("max").off("erms"));
  out.add("-smp", QemuOption().set("cpus", spec.vcpus.value()));
  out.add("-m", QemuOption().set("size", std::to_string(spec.memory.value()) + "M"));
  out.raw("-bios", "qboot.rom");
  out.flag("-nodefaults").flag("-no-user-config").flag("-no-reboot");
  out.raw("-display", "none");
  out.add("-sandbox", QemuOption("on").set("obsolete", "deny").set("elevateprivileges", "deny").set("spawn", "deny").set("resourcecontrol", "deny"));
}

void add_kernel(Argv& out, std::string arguments) {
  out.raw("-kernel", self_fd(child_fd::kKernel));
  out.raw("-initrd", self_fd(child_fd::kInitrd));
  out.raw("-append", std::move(arguments));
}

void add_console(Argv& out) {
  out.inherit(child_fd::kConsole);
  out.add("-chardev", QemuOption("file").set("id", "console").set("path", fd_set(child_fd::kConsole)).on("append"));
  out.add("-serial", QemuOption("chardev:console"));
}

void add_control(Argv& out) {
  out.add("-chardev", QemuOption("socket").set("id", "qmp").set("fd", std::uint64_t{child_fd::kQmp}).on("server").off("wait"));
  out.add("-mon", QemuOption().set("chardev", "qmp").set("mode", "control"));
}

void add_mux_port(Argv& out) {
  out.add("-chardev", QemuOption("socket").set("id", "mux").set("fd", std::uint64_t{child_fd::kMux}).on("server").off("wait"));
  out.add("-device", QemuOption("virtio-serial-pci").set("max_ports", 2).on("disable-legacy"));
  out.add("-device", QemuOption("virtserialport").set("chardev", "mux").set("name", "bulkhead.mux").set("nr", 1));
}

void add_disk(Argv& out, char const* node, char const* serial) {
  // A disk of the host's that is full or broken stops the machine, which can go on later; the guest would take an error for its own.
  out.add("-device", QemuOption("virtio-blk-pci").set("drive", node).set("serial", serial).set("werror", "stop").set("rerror", "stop").on("disable-legacy"));
}

// What the saved machine had changed of its root image, never written to again. Its backing node is said here, not by its header.
void add_snapshot_overlay(Argv& out) {
  out.inherit(child_fd::kSnapshotOverlay);
  out.add("-blockdev", QemuOption().set("driver", "file").set("node-name", "snapshot-file").set("filename", fd_set(child_fd::kSnapshotOverlay)).on("read-only").off("auto-read-only"));
  out.add("-blockdev", QemuOption().set("driver", "qcow2").set("node-name", "snapshot").set("file", "snapshot-file").set("backing", "template").on("read-only"));
}

void add_root(Argv& out, bool restored) {
  out.inherit(child_fd::kRootImage).inherit(child_fd::kRootOverlay);
  out.add("-blockdev", QemuOption().set("driver", "file").set("node-name", "template-file").set("filename", fd_set(child_fd::kRootImage)).on("read-only").off("auto-read-only"));
  out.add("-blockdev", QemuOption().set("driver", "raw").set("node-name", "template").set("file", "template-file").on("read-only"));
  if (restored) add_snapshot_overlay(out);
  // The overlay is thrown away with the process, so nobody waits for it to reach the disk.
  out.add("-blockdev", QemuOption().set("driver", "file").set("node-name", "root-file").set("filename", fd_set(child_fd::kRootOverlay)).set("discard", "unmap").on("cache.no-flush"));
  out.add("-blockdev", QemuOption().set("driver", "qcow2").set("node-name", "root").set("file", "root-file").set("backing", restored ? "snapshot" : "template").set("discard", "unmap").on("cache.no-flush"));
  add_disk(out, "root", "root");
}

void add_private(Argv& out) {
  out.inherit(child_fd::kPrivate);
  out.add("-blockdev", QemuOption().set("driver", "file").set("node-name", "private-file").set("filename", fd_set(child_fd::kPrivate)).set("discard", "unmap"));
  // "raw" said aloud: a format that is guessed is a format the guest chooses.
  out.add("-blockdev", QemuOption().set("driver", "raw").set("node-name", "private").set("file", "private-file").set("discard", "unmap"));
  add_disk(out, "private", "private");
}

void add_volatile(Argv& out) {
  out.inherit(child_fd::kVolatile);
  out.add("-blockdev", QemuOption().set("driver", "file").set("node-name", "volatile-file").set("filename", fd_set(child_fd::kVolatile)).set("discard", "unmap").on("cache.no-flush"));
  out.add("-blockdev", QemuOption().set("driver", "raw").set("node-name", "volatile").set("file", "volatile-file").set("discard", "unmap").on("cache.no-flush"));
  add_disk(out, "volatile", "volatile");
}

// Reporting gives freed memory back to the host without anybody asking; deflate-on-oom lets a guest in need have it back.
void add_balloon(Argv& out) {
  out.add("-device", QemuOption("virtio-balloon-pci").set("id", "balloon").on("free-page-reporting").on("deflate-on-oom").on("disable-legacy"));
}

// Empty places for cards: a snapshot has none, since a card is plugged in only after the guest has fresh randomness.
void add_wires(Argv& out, machine::WireCount count) {
  for (std::uint16_t i = 0; i < count.value(); ++i) {
    std::uint64_t const chassis = i + std::uint64_t{1};
    out.add("-device", QemuOption("pcie-root-port").set("id", wire_id(machine::WireSlot(i))).set("chassis", chassis));
  }
}

void add_window_memory(Argv& out, ByteCount size) {
  out.add("-object", QemuOption("memory-backend-file").set("id", "window-memory").set("size", size.value()).set("mem-path", self_fd(child_fd::kWindowMemory)).on("share").off("dump").off("merge"));
  out.add("-device", QemuOption("ivshmem-plain").set("memdev", "window-memory").on("master"));
}

}  // namespace

std::vector<std::string> argv(MachineSpec const& spec, std::string const& program) {
  Argv out(program);
  out.add("-name", QemuOption().set("guest", spec.name));
  out.raw("-uuid", spec.uuid);
  add_ram(out, spec);
  add_machine(out, spec, true);
  add_kernel(out, kernel_arguments(spec) + machine_id(spec.uuid));
  add_console(out);
  add_control(out);
  if (spec.root_image) add_root(out, spec.restore_from.has_value());
  if (spec.private_volume) add_private(out);
  if (spec.volatile_volume) add_volatile(out);
  add_mux_port(out);
  if (spec.window_memory.value() != 0) add_window_memory(out, spec.window_memory);
  // The jail lets it have 64 threads, and a QEMU that cannot have one more ends. 64 is also what it would take for disks alone.
  out.add("-object", QemuOption("main-loop").set("id", "main-loop").set("thread-pool-max", std::uint64_t{32}));
  out.add("-object", QemuOption("rng-builtin").set("id", "rng"));
  out.add("-device", QemuOption("virtio-rng-pci").set("rng", "rng").on("disable-legacy"));
  if (spec.balloon) add_balloon(out);
  add_wires(out, spec.wires);
  // Waits for its state; the processors stand still until they are told.
  if (spec.restore_from) out.raw("-incoming", "defer");
  return std::move(out).take();
}

std::vector<std::string> probe_argv(MachineSpec const& spec, std::string const& program) {
  Argv out(program);
  out.add("-name", QemuOption().set("guest", spec.name));
  add_machine(out, spec, false);
  add_kernel(out, kernel_arguments(spec) + " bulkhead.probe=1");
  add_console(out);
  return std::move(out).take();
}

}  // namespace bh::qemu
