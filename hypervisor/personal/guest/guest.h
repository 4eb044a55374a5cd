// What happens inside a qube that makes it a certain one: at a cold boot all at once, in a clone when dom0's orders come.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace bh::personal {

struct GuestPlaces {
  std::filesystem::path env_file = "/run/bulkhead/qube.env";
  std::filesystem::path run_folder = "/run/bulkhead";
  std::filesystem::path vchan_folder = "/run/bulkhead/vchan";
};

// While it is there the machine is nobody's yet: it is being made ready to be saved, or is a clone that has not been told who it is.
[[nodiscard]] std::filesystem::path hold_file(GuestPlaces const& places);

// Root, once a boot, when the configuration has come. With WARM=prepare in it, only the hold file is made.
Result<void> boot(GuestPlaces const& places);
// Root, in a machine that is ready to be saved: takes orders at port 511, once, and follows them. Its listening is the sign to save.
Result<void> serve(GuestPlaces const& places);
// Becomes the program, in its user's home and with the settings of this qube, once the hold file is gone. Returns only on failure.
Result<void> hold(GuestPlaces const& places, std::vector<std::string> const& argv);

}  // namespace bh::personal
