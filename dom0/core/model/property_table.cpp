// The tables themselves: what exists, for whom, and what it is when nobody sets it.
#include "dom0/core/model/property.h"

namespace bh::dom0 {

namespace {

using enum PropertyType;
using Disposables = PropertySpec::Disposables;

//   name                 type     admin  tmpl   app    set    inherit fallback  help
constexpr PropertySpec kQube[] = {
    {"audiovm", vm, false, true, true, true, false, "@default_audiovm", "The qube that plays this one's sound. Sound is not part of this version."},
    {"auto_cleanup", boolean, false, false, true, true, false, "False", "Whether the qube is removed when it has stopped.", Disposables::only_these},
    {"autostart", boolean, false, true, true, true, false, "False", "Start the qube when bulkheadd starts."},
    {"debug", boolean, false, true, true, true, false, "False", "Kept for other tools; bulkheadd logs the same either way."},
    {"default_dispvm", vm, true, true, true, true, false, "@default_dispvm", "The qube that disposables started from here are based on."},
    {"default_user", str, false, true, true, true, true, "user", "The user that runs commands and services in the qube unless told otherwise."},
    {"dispid", integer, false, false, true, false, false, "", "The number in the disposable's name, fixed at its creation.", Disposables::only_these},
    {"dns", str, false, true, true, false, false, "", "The name servers the qube asks; empty without a netvm."},
    {"gateway", str, false, true, true, false, false, "", "The address of the qube's netvm; empty without one."},
    {"guivm", vm, false, true, true, true, false, "@default_guivm", "The qube that shows this one's windows."},
    {"icon", str, true, true, true, false, false, "", "The name of the icon, made from class and label."},
    {"include_in_backups", boolean, true, true, true, true, false, "True", "Taken along in backups unless told otherwise."},
    {"installed_by_rpm", boolean, false, true, true, false, false, "False", "Always False: templates here are not RPM packages."},
    {"kernel", str, false, true, true, false, false, "", "Empty: the kernel is the template's own."},
    {"ip", str, false, true, true, false, false, "", "The qube's IPv4 address, worked out from its number."},
    {"keyboard_layout", str, true, true, true, true, true, "us++", "layout+variant+options for programs before a desktop's keymap arrives."},
    {"klass", str, true, true, true, false, false, "", "The class of the qube."},
    {"label", label, true, true, true, true, false, "", "The colour of the qube's window frames; its trust in the user's eyes."},
    {"last_end", str, false, true, true, false, false, "", "Why the qube ended last, if nobody had asked it to; empty after a shutdown or kill."},
    {"mac", str, false, true, true, true, false, "00:16:3e:5e:6c:00", "The address of the qube's network card, from its next card on."},
    {"maxmem", integer, false, true, true, true, true, "0", "MiB the qube may grow to while there is enough, from the next start on. 0: `memory` is all it gets."},
    {"memory", integer, false, true, true, true, true, "400", "Memory in MiB that the qube can count on, from the next start on."},
    {"name", str, true, true, true, false, false, "", "The qube's name, fixed at its creation."},
    {"netvm", vm, true, true, true, true, false, "@default_netvm", "The qube that gives this one network; empty for none. Takes effect at once."},
    {"provides_network", boolean, false, true, true, true, false, "False", "Whether other qubes may use this one as netvm; from its next start on."},
    {"qid", integer, true, true, true, false, false, "", "The qube's number, fixed at its creation."},
    {"qrexec_timeout", integer, false, true, true, true, true, "@default_qrexec_timeout", "Seconds a starting qube may take until its agent answers."},
    {"shutdown_timeout", integer, false, true, true, true, true, "@default_shutdown_timeout", "Seconds a shutdown may take before it counts as failed."},
    {"start_timing", str, false, true, true, false, false, "", "How the running qube was started: kind=warm or kind=cold, then milliseconds, phase by phase."},
    {"start_time", str, false, true, true, false, false, "", "Unix time of the last start, while the qube runs."},
    {"template", vm, false, false, true, true, false, "@default_template", "The template whose root volume the qube starts from; takes effect at the next start."},
    {"template_for_dispvms", boolean, false, false, true, true, false, "False", "Whether disposables may be based on this qube.", Disposables::not_these},
    {"updateable", boolean, true, true, true, false, false, "", "Whether updates installed in the qube persist (templates only)."},
    {"uuid", str, true, true, true, false, false, "", "The qube's UUID, fixed at its creation."},
    {"vcpus", integer, false, true, true, true, true, "2", "Number of virtual processors, from the next start on."},
    {"virt_mode", str, false, true, true, false, false, "hvm", "hvm: a QEMU machine of type q35. The only mode of this version."},
    {"visible_gateway", str, false, true, true, false, false, "", "The gateway's address as the qube sees it."},
    {"visible_ip", str, false, true, true, false, false, "", "The qube's address as it sees it itself."},
    {"visible_netmask", str, false, true, true, false, false, "", "Always a single address: a wire has two ends and no neighbours."},
    {"warm_start", boolean, false, true, true, true, true, "True", "Whether the qube may start from a saved machine of its template instead of booting."},
    {"xid", integer, true, true, true, false, false, "", "The domain number while the qube runs, else -1."},
};

constexpr PropertySpec kSystem[] = {
    {"check_updates_vm", boolean, true, false, false, true, false, "True", "Whether qubes look for updates."},
    {"clockvm", vm, true, false, false, true, false, "", "The qube that keeps the time."},
    {"default_audiovm", vm, true, false, false, true, false, "dom0", "Default of audiovm."},
    {"default_dispvm", vm, true, false, false, true, false, "", "Default of default_dispvm."},
    {"default_guivm", vm, true, false, false, true, false, "dom0", "Default of guivm."},
    {"default_kernel", str, true, false, false, false, false, "", "Empty: kernels come from templates."},
    {"default_netvm", vm, true, false, false, true, false, "", "Default of netvm, but for qubes that provide network themselves."},
    {"default_pool", str, true, false, false, false, false, "default", "The pool of new volumes."},
    {"default_qrexec_timeout", integer, true, false, false, true, false, "60", "Default of qrexec_timeout, in seconds."},
    {"default_shutdown_timeout", integer, true, false, false, true, false, "60", "Default of shutdown_timeout, in seconds."},
    {"default_template", vm, true, false, false, true, false, "", "The template of qubes that name none; without a setting the first there is."},
    {"management_dispvm", vm, true, false, false, true, false, "", "The disposable template used for managing qubes."},
    {"stats_interval", integer, true, false, false, true, false, "3", "Seconds between two lines of admin.vm.Stats."},
    {"updatevm", vm, true, false, false, true, false, "", "The qube that fetches dom0's updates."},
};

}  // namespace

std::span<PropertySpec const> qube_properties() { return kQube; }
std::span<PropertySpec const> system_settings() { return kSystem; }

}  // namespace bh::dom0
