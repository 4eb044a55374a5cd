// The tray's window on a real X server, against an admin daemon on a real socket. With $BH_SCREENSHOTS set, pictures
// are kept there.
#include <gtest/gtest.h>

#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QScreen>
#include <QTest>
#include <algorithm>
#include <cstdlib>

#include "base/temp_dir.h"
#include "dom0/tray/controller.h"
#include "dom0/tray/qube_window.h"
#include "dom0/tray/tray_icon.h"
#include "tests/integration/dom0/tray/fake_daemon.h"
#include "tests/integration/dom0/tray/x_server.h"

namespace bh::tray::test {
namespace {

namespace fs = std::filesystem;
constexpr int kPatience = 60000;  // ms; for a noisy machine

class Tray : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = XServer::start();
    ASSERT_TRUE(server.ok()) << server.error().message;
    x_server_.emplace(*std::move(server));
    ::setenv("DISPLAY", x_server_->display().c_str(), 1);
    ::setenv("QT_QPA_PLATFORM", "xcb", 1);
    ::unsetenv("WAYLAND_DISPLAY");
    // Neither a session bus nor the person's theme takes part in the test.
    ::setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
    ::setenv("QT_QPA_PLATFORMTHEME", "none", 1);
    static int count = 1;
    static char name[] = "tray_test";
    static char* arguments[] = {name, nullptr};
    application_ = std::make_unique<QApplication>(count, arguments);
  }
  static void TearDownTestSuite() {
    application_.reset();
    x_server_.reset();
  }
  void SetUp() override {
    auto made = TempDir::create("bh-tray-test");
    ASSERT_TRUE(made.ok());
    folder_.emplace(*std::move(made));
    // Deeper than a socket address can be long.
    fs::path const deep = folder_->path() / std::string(60, 'd') / std::string(60, 'e');
    fs::create_directories(deep);
    socket_ = deep / "qubesd.sock";
  }
  void TearDown() override {
    window_.reset();
    controller_.reset();
    daemon_.reset();
  }
  void run_daemon(std::string accelerator = "tcg") {
    daemon_ = std::make_unique<FakeDaemon>(socket_, std::move(accelerator));
    daemon_->set("work", {"AppVM", "Halted", "blue"});
    daemon_->set("untrusted", {"AppVM", "Running", "red"});
    daemon_->set("vault", {"AppVM", "Halted", "black"});
    daemon_->set("debian-12", {"TemplateVM", "Halted", "green"});
  }
  void run_tray() {
    controller_ = std::make_unique<Controller>(socket_, nullptr);
    window_ =
        std::make_unique<QubeWindow>(QubeRowWidget::Wishes{[this](auto const& qube) { controller_->start(qube); },
                                                           [this](auto const& qube) { controller_->shutdown(qube); },
                                                           [this](auto const& qube) { controller_->kill(qube); }});
    controller_->on_change = [this](View const& view) { window_->show_view(view); };
    controller_->on_failure = [this](std::string const& sentence) { window_->show_failure(sentence); };
    window_->show_view(controller_->view());
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get(), kPatience));
  }
  // The child of a row, or null while it is not there.
  template <class Widget>
  Widget* part(char const* qube, char const* name) {
    auto* const row = window_->findChild<QWidget*>("qube-" + QString(qube));
    return row == nullptr ? nullptr : row->findChild<Widget*>(name);
  }
  bool shows(char const* qube, char const* name, QString const& text) {
    return QTest::qWaitFor(
        [=, this] {
          auto* const label = part<QLabel>(qube, name);
          return label != nullptr && label->text() == text;
        },
        kPatience);
  }
  bool visible(char const* name) {
    return QTest::qWaitFor([=, this] { return window_->findChild<QLabel*>(name)->isVisible(); }, kPatience);
  }
  // What the X server shows, not what a widget would paint.
  QImage screenshot(char const* name) {
    QTest::qWait(100);
    QImage const image = QGuiApplication::primaryScreen()->grabWindow(window_->winId()).toImage();
    char const* const keep = std::getenv("BH_SCREENSHOTS");
    fs::path const folder = keep != nullptr && *keep != '\0' ? fs::path(keep) : folder_->path();
    EXPECT_TRUE(image.save(QString::fromStdString((folder / name).string())));
    return image;
  }
  bool has_pixel_in(QImage const& image, char const* qube, QColor colour) {
    auto* const cube = part<QLabel>(qube, "cube");
    QRect const place(cube->mapTo(window_.get(), QPoint(0, 0)), cube->size());
    for (int y = place.top(); y <= place.bottom(); ++y) {
      for (int x = place.left(); x <= place.right(); ++x) {
        if (image.valid(x, y) && image.pixelColor(x, y) == colour) return true;
      }
    }
    return false;
  }

  static inline std::optional<XServer> x_server_;
  static inline std::unique_ptr<QApplication> application_;
  std::optional<TempDir> folder_;
  fs::path socket_;
  std::unique_ptr<FakeDaemon> daemon_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<QubeWindow> window_;
};

TEST_F(Tray, ShowsEveryQubeInItsLabelsColour) {
  run_daemon();
  run_tray();
  EXPECT_TRUE(shows("work", "details", QStringLiteral("AppVM \u00b7 blue")));
  EXPECT_TRUE(shows("untrusted", "details", QStringLiteral("AppVM \u00b7 red")));
  EXPECT_TRUE(shows("vault", "state", "Halted"));
  EXPECT_TRUE(shows("untrusted", "state", "Running"));
  EXPECT_TRUE(shows("dom0", "details", "This desktop"));
  // Colours are asked for after labels: wait for the last answer by its effect.
  EXPECT_TRUE(QTest::qWaitFor(
      [this] {
        auto const& rows = controller_->view().rows;
        return std::all_of(rows.begin(), rows.end(),
                           [](QubeRow const& row) { return row.klass == "AdminVM" || !row.colour.empty(); });
      },
      kPatience));
  QImage const image = screenshot("tray.png");
  EXPECT_TRUE(has_pixel_in(image, "work", QColor("#3465a4")));
  EXPECT_TRUE(has_pixel_in(image, "untrusted", QColor("#cc0000")));
  EXPECT_FALSE(has_pixel_in(image, "work", QColor("#cc0000")));
  EXPECT_EQ(window_->findChild<QLabel*>("summary")->text(), "1 of 3 running");
}
TEST_F(Tray, FollowsEvents) {
  run_daemon();
  run_tray();
  ASSERT_TRUE(shows("vault", "state", "Halted"));
  daemon_->tell({"vault", "domain-pre-start", {}});
  EXPECT_TRUE(shows("vault", "state", QStringLiteral("Starting\u2026")));
  daemon_->set("fresh", {"AppVM", "Halted", "green"});
  daemon_->tell({"", "domain-add", {{"vm", "fresh"}}});
  EXPECT_TRUE(shows("fresh", "details", QStringLiteral("AppVM \u00b7 green")));
  daemon_->tell({"", "domain-delete", {{"vm", "fresh"}}});
  EXPECT_TRUE(QTest::qWaitFor([this] { return part<QLabel>("fresh", "name") == nullptr; }, kPatience));
}
TEST_F(Tray, StartButtonStartsTheQube) {
  run_daemon();
  run_tray();
  ASSERT_TRUE(shows("work", "state", "Halted"));
  auto* const start = part<QPushButton>("work", "start");
  ASSERT_TRUE(QTest::qWaitFor([=] { return start->isVisible() && start->isEnabled(); }, kPatience));
  QTest::mouseClick(start, Qt::LeftButton);
  EXPECT_TRUE(shows("work", "state", "Running"));
  auto const calls = daemon_->calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "admin.vm.Start work"), 1);
  EXPECT_FALSE(start->isVisible());
  EXPECT_TRUE(part<QPushButton>("work", "shutdown")->isVisible());
  screenshot("tray-started.png");
}
TEST_F(Tray, ShutDownButtonShutsDown) {
  run_daemon();
  run_tray();
  ASSERT_TRUE(shows("untrusted", "state", "Running"));
  QTest::mouseClick(part<QPushButton>("untrusted", "shutdown"), Qt::LeftButton);
  EXPECT_TRUE(shows("untrusted", "state", "Halted"));
}
TEST_F(Tray, KillAsksFirst) {
  run_daemon();
  run_tray();
  ASSERT_TRUE(shows("untrusted", "state", "Running"));
  QTest::mouseClick(part<QPushButton>("untrusted", "kill"), Qt::LeftButton);
  QPushButton* yes = nullptr;
  ASSERT_TRUE(QTest::qWaitFor(
      [&] { return (yes = window_->findChild<QPushButton*>("confirm-kill-yes")) != nullptr && yes->isVisible(); },
      kPatience));
  auto calls = daemon_->calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "admin.vm.Kill untrusted"), 0);
  QTest::mouseClick(yes, Qt::LeftButton);
  EXPECT_TRUE(shows("untrusted", "state", "Halted"));
}
TEST_F(Tray, SaysWhyAStartFailed) {
  run_daemon();
  daemon_->refuse_start("not enough memory: 100%\x1b[2J");
  run_tray();
  ASSERT_TRUE(shows("work", "state", "Halted"));
  QTest::mouseClick(part<QPushButton>("work", "start"), Qt::LeftButton);
  ASSERT_TRUE(visible("message"));
  EXPECT_EQ(window_->findChild<QLabel*>("message")->text(), "Cannot start work: not enough memory: 100%_[2J");
}
TEST_F(Tray, SaysThatTcgIsolatesNothing) {
  run_daemon("tcg");
  run_tray();
  ASSERT_TRUE(visible("accelerator-notice"));
  EXPECT_TRUE(window_->findChild<QLabel*>("accelerator-notice")->text().contains("no isolation"));
  EXPECT_TRUE(QTest::qWaitFor(
      [this] { return window_->findChild<QLabel*>("accelerator-notice")->text().contains("/dev/kvm is not there"); },
      kPatience));
}
TEST_F(Tray, SaysNothingOfTheKindUnderKvm) {
  run_daemon("kvm");
  run_tray();
  ASSERT_TRUE(visible("accelerator"));
  EXPECT_EQ(window_->findChild<QLabel*>("accelerator")->text(), "KVM");
  EXPECT_FALSE(window_->findChild<QLabel*>("accelerator-notice")->isVisible());
}
TEST_F(Tray, WaitsForADaemonThatIsNotThereAndForOneThatComesBack) {
  run_tray();
  ASSERT_TRUE(visible("connection-problem"));
  EXPECT_TRUE(QTest::qWaitFor(
      [this] { return window_->findChild<QLabel*>("connection-problem")->text().contains("is not running"); },
      kPatience));
  screenshot("tray-no-daemon.png");
  run_daemon();
  EXPECT_TRUE(shows("untrusted", "state", "Running"));
  EXPECT_FALSE(window_->findChild<QLabel*>("connection-problem")->isVisible());
  daemon_.reset();
  ASSERT_TRUE(visible("connection-problem"));
  EXPECT_FALSE(window_->findChild<QWidget*>("qubes")->isEnabled());
  run_daemon();
  EXPECT_TRUE(QTest::qWaitFor([this] { return window_->findChild<QWidget*>("qubes")->isEnabled(); }, kPatience));
}
TEST_F(Tray, MenuOffersWhatTheStateAllows) {
  std::string started;
  TrayIcon icon(
      {[&](auto const& qube) { started = qube; }, [](auto const&) {}, [](auto const&) {}}, [] {}, [] {});
  View view;
  view.rows = {{"dom0", "AdminVM", "Running", "", ""},
               {"work", "AppVM", "Halted", "blue", "#3465a4"},
               {"t", "TemplateVM", "Halted", "", ""}};
  icon.show_view(view);
  QMenu* menu = nullptr;
  for (QWidget* widget : QApplication::allWidgets()) {
    if (widget->objectName() == "tray-menu") menu = qobject_cast<QMenu*>(widget);
  }
  ASSERT_NE(menu, nullptr);
  QAction* const entry = menu->actions().front();
  EXPECT_EQ(entry->text(), "work  (Halted)");
  ASSERT_EQ(entry->menu()->actions().size(), 1);
  entry->menu()->actions().front()->trigger();
  EXPECT_EQ(started, "work");
}

int exit_status(std::vector<std::string> arguments,
                std::vector<std::pair<std::string, std::optional<std::string>>> environment) {
  SpawnOptions options;
  options.argv = {(fs::path(std::getenv("BH_BIN")) / "bulkhead-tray").string()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = std::move(environment);
  auto child = ChildProcess::spawn(options);
  if (!child) return -1;
  auto ended = child->wait(Clock::now() + std::chrono::milliseconds(kPatience));
  if (ended && *ended) return (*ended)->code;
  (void)child->terminate(std::chrono::seconds(1));
  return -1;
}
TEST_F(Tray, ProgramExplainsItself) {
  EXPECT_EQ(exit_status({"--help"}, {{"DISPLAY", std::nullopt}}), 0);
  EXPECT_EQ(exit_status({"--version"}, {{"DISPLAY", std::nullopt}}), 0);
  EXPECT_EQ(exit_status({"--nonsense"}, {}), 2);
  EXPECT_EQ(exit_status(
                {}, {{"DISPLAY", std::nullopt}, {"WAYLAND_DISPLAY", std::nullopt}, {"QT_QPA_PLATFORM", std::nullopt}}),
            1);
}

}  // namespace
}  // namespace bh::tray::test
