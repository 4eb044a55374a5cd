#include "hypervisor/xen/libxl_fill.h"

// Xen's headers have no guards against C++'s names of their own.
extern "C" {
#define LIBXL_API_VERSION 0x041400
#include <libxl.h>
#include <libxl_utils.h>
}

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/number.h"

namespace bh::xen {

namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Owns what libxl's structure points to; libxl frees it with its own function.
class Config {
 public:
  Config() { libxl_domain_config_init(&raw_); }
  ~Config() { libxl_domain_config_dispose(&raw_); }
  Config(Config const&) = delete;
  Config& operator=(Config const&) = delete;
  libxl_domain_config& raw() { return raw_; }

 private:
  libxl_domain_config raw_{};
};

bool take_uuid(libxl_uuid& out, std::string const& text) {
  std::string digits;
  for (char const c : text) {
    if (c != '-') digits += c;
  }
  if (digits.size() != 32) return false;
  for (std::size_t i = 0; i < 16; ++i) {
    auto const byte = parse_hex(std::string_view(digits).substr(2 * i, 2), 0xFF);
    if (!byte) return false;
    out.uuid[i] = static_cast<std::uint8_t>(*byte);
  }
  return true;
}

// libxl_bitmap_alloc() wants a context, which only a host under Xen has.
void fill_vcpus(libxl_bitmap& map, std::uint32_t count) {
  map.size = (count + 7) / 8;
  map.map = static_cast<std::uint8_t*>(std::calloc(map.size, 1));
  BH_ASSERT(map.map != nullptr);
  for (std::uint32_t i = 0; i < count; ++i) libxl_bitmap_set(&map, static_cast<int>(i));
}

void fill_disks(libxl_domain_config& to, std::vector<DomainDisk> const& disks) {
  to.num_disks = static_cast<int>(disks.size());
  to.disks = static_cast<libxl_device_disk*>(std::calloc(disks.size() + 1, sizeof(libxl_device_disk)));
  BH_ASSERT(to.disks != nullptr);
  for (std::size_t i = 0; i < disks.size(); ++i) {
    libxl_device_disk& disk = to.disks[i];
    libxl_device_disk_init(&disk);
    disk.pdev_path = ::strdup(disks[i].pdev_path.c_str());
    disk.vdev = ::strdup(disks[i].vdev.c_str());
    disk.backend = LIBXL_DISK_BACKEND_PHY;
    disk.format = LIBXL_DISK_FORMAT_RAW;
    disk.readwrite = disks[i].readwrite ? 1 : 0;
  }
}

Result<void> fill(libxl_domain_config& to, DomainConfig const& from) {
  to.c_info.type = LIBXL_DOMAIN_TYPE_PVH;
  to.c_info.name = ::strdup(from.name.c_str());
  if (!take_uuid(to.c_info.uuid, from.uuid)) return Failure{Error{"\"" + from.uuid + "\" is not a uuid", 0}};
  libxl_domain_build_info_init_type(&to.b_info, LIBXL_DOMAIN_TYPE_PVH);
  to.b_info.max_vcpus = static_cast<int>(from.max_vcpus);
  fill_vcpus(to.b_info.avail_vcpus, from.max_vcpus);
  to.b_info.max_memkb = from.max_memkb;
  to.b_info.target_memkb = from.target_memkb;
  // Else libxl computes it from the host's; PVH uses what the processor has.
  to.b_info.shadow_memkb = 0;
  to.b_info.kernel = ::strdup(from.kernel.c_str());
  to.b_info.ramdisk = ::strdup(from.ramdisk.c_str());
  to.b_info.cmdline = ::strdup(from.cmdline.c_str());
  fill_disks(to, from.disks);
  to.on_poweroff = to.on_reboot = to.on_watchdog = to.on_crash = to.on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
  return {};
}

}  // namespace

Result<std::string> through_libxl(DomainConfig const& config) {
  Config made;
  BH_CHECK(fill(made.raw(), config));
  std::unique_ptr<char, Free> const text(libxl_domain_config_to_json(nullptr, &made.raw()));
  if (!text) return Failure{Error{"libxl cannot write the configuration", 0}};
  return std::string(text.get());
}

}  // namespace bh::xen
