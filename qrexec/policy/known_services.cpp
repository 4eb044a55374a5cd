#include "qrexec/policy/known_services.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

namespace bh::policy {
namespace {

constexpr std::array<std::string_view, 112> kKnown{
    "admin.Events", "admin.backup.Cancel", "admin.backup.Execute", "admin.backup.Info", "admin.deviceclass.List",
    "admin.label.Create", "admin.label.Get", "admin.label.Index", "admin.label.List", "admin.label.Remove", "admin.pool.Add",
    "admin.pool.Info", "admin.pool.List", "admin.pool.ListDrivers", "admin.pool.Remove", "admin.pool.volume.List",
    "admin.property.Get", "admin.property.GetAll", "admin.property.GetDefault", "admin.property.Help", "admin.property.List",
    "admin.property.Reset", "admin.property.Set", "admin.vm.Console", "admin.vm.Create.AppVM", "admin.vm.Create.DispVM",
    "admin.vm.Create.StandaloneVM", "admin.vm.Create.TemplateVM", "admin.vm.CreateDisposable", "admin.vm.CurrentState",
    "admin.vm.Kill", "admin.vm.List", "admin.vm.Pause", "admin.vm.Remove", "admin.vm.Shutdown", "admin.vm.Start",
    "admin.vm.Stats", "admin.vm.Unpause", "admin.vm.feature.CheckWithTemplate", "admin.vm.feature.Get", "admin.vm.feature.List",
    "admin.vm.feature.Remove", "admin.vm.feature.Set", "admin.vm.firewall.Get", "admin.vm.firewall.Reload",
    "admin.vm.firewall.Set", "admin.vm.notes.Get", "admin.vm.notes.Set", "admin.vm.property.Get", "admin.vm.property.GetAll",
    "admin.vm.property.GetDefault", "admin.vm.property.Help", "admin.vm.property.List", "admin.vm.property.Reset",
    "admin.vm.property.Set", "admin.vm.tag.Get", "admin.vm.tag.List", "admin.vm.tag.Remove", "admin.vm.tag.Set",
    "admin.vm.volume.CloneFrom", "admin.vm.volume.CloneTo", "admin.vm.volume.Import", "admin.vm.volume.Info",
    "admin.vm.volume.List", "admin.vm.volume.ListSnapshots", "admin.vm.volume.Resize", "admin.vm.volume.Revert",
    "admin.vmclass.List", "policy.EvalGUI", "policy.EvalSimple", "policy.Get", "policy.GetFiles", "policy.List",
    "policy.RegisterArgument", "policy.Remove", "policy.Replace", "policy.include.Get", "policy.include.List",
    "policy.include.Remove", "policy.include.Replace", "qubes.ConnectTCP", "qubes.FeaturesRequest", "qubes.Filecopy",
    "qubes.GetAppmenus", "qubes.GetDate", "qubes.GetImageRGBA", "qubes.Gpg", "qubes.Gpg2", "qubes.GpgImportKey",
    "qubes.InputKeyboard", "qubes.InputMouse", "qubes.InputTablet", "qubes.NotifyUpdates", "qubes.OpenInVM", "qubes.OpenURL",
    "qubes.PdfConvert", "qubes.ReceiveUpdates", "qubes.SelectDirectory", "qubes.SelectFile", "qubes.SetMonitorLayout",
    "qubes.ShowInTerminal", "qubes.SshAgent", "qubes.StartApp", "qubes.SyncAppMenus", "qubes.USB", "qubes.UpdatesProxy",
    "qubes.VMExec", "qubes.VMExecGUI", "qubes.VMRootExec", "qubes.VMRootShell", "qubes.VMShell", "qubes.WaitForSession"};

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

// Letters to change, add or take away; a neighbour swap counts as two.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t const changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> probably_meant(std::string_view name) {
  if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end() || name.size() > 64) return std::nullopt;
  std::optional<std::string_view> best;
  // A short name is near to many; one letter must do there.
  std::size_t best_distance = name.size() < 10 ? 2 : 3;
  for (std::string_view const known : kKnown) {
    if (lower(known) == lower(name)) return known;
    if (std::size_t const found = distance(name, known); found < best_distance) best_distance = found, best = known;
  }
  return best;
}

bool gives_control(std::string_view service) {
  constexpr std::string_view kControl[] = {"qubes.VMShell",      "qubes.VMExec",         "qubes.VMExecGUI",       "qubes.VMRootShell",
                                           "qubes.VMRootExec",   "qubes.StartApp",       "policy.Replace",        "policy.Remove",
                                           "policy.include.Replace", "policy.include.Remove", "admin.vm.property.Set", "admin.property.Set",
                                           "admin.vm.volume.Import", "admin.vm.firewall.Set", "admin.vm.Console",   "qubes.InputKeyboard",
                                           "qubes.InputMouse",   "qubes.InputTablet"};
  return std::find(std::begin(kControl), std::end(kControl), service) != std::end(kControl);
}

}  // namespace bh::policy
