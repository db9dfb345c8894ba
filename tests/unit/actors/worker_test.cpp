#include "actors/worker.hpp"

#include <atomic>
#include <future>
#include <limits>
#include <thread>

#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/actors/scattered.hpp"

using namespace murm;

namespace {

constexpr std::chrono::seconds kPatience{20};  // only a failure waits as long
constexpr std::size_t kParameters = 6;
const PeerId kPeer = PeerId::worker(3);

/// A model whose loss is what the test wants; says when it is gone.
class FakeObjective final : public Objective {
 public:
  FakeObjective(double loss, std::promise<void>* gone) : loss_(loss), gone_(gone) {}
  FakeObjective(const FakeObjective&) = delete;
  FakeObjective& operator=(const FakeObjective&) = delete;
  ~FakeObjective() override { gone_->set_value(); }
  std::span<const ParameterTensor> layout() const override { return {}; }
  std::size_t parameter_count() const override { return kParameters; }
  std::size_t batch_max() const override { return 8; }
  void initialize(std::uint64_t /*seed*/, std::span<float> /*parameters*/) const override {}
  BatchResult gradient(std::span<const float> /*parameters*/, const Batch& /*batch*/,
                       std::span<float> gradient) override {
    std::fill(gradient.begin(), gradient.end(), 1.0F);
    return {.loss_sum = loss_, .correct = 0};
  }
  BatchResult evaluate(std::span<const float> /*parameters*/, const Batch& /*batch*/) override {
    return {};
  }

 private:
  double loss_;
  std::promise<void>* gone_;
};

/// Ten samples of one number; counts how often one is read.
class TenSamples final : public Dataset {
 public:
  TenSamples() : Dataset(10, {1, 2}) {}
  mutable std::atomic<int> reads{0};

 private:
  void read_sample(std::size_t /*index*/, float* features, std::int32_t* labels) const override {
    ++reads;
    *features = 0;
    *labels = 0;
  }
};

/// One worker with its device; everybody it speaks to is the probe.
class World {
 private:
  std::promise<void> may_load_;
  bool loading_ = false;

 public:
  struct Config : caf::actor_system_config {
    Config() { configure(*this, 1); }
  };
  std::promise<void> lane_gone;
  std::shared_ptr<const TenSamples> data = std::make_shared<const TenSamples>();
  Config config;
  caf::actor_system system{config};
  caf::scoped_actor probe{system};
  WorkerSelf actor;

  explicit World(double loss = 1.5, std::string load_failure = "",
                 const std::string& algorithm = "asp") {
    std::shared_future<void> gate = may_load_.get_future().share();
    const LaneFactory make_lane = [this, gate, loss, load_failure] {
      gate.wait();
      if (!load_failure.empty()) throw InputError(load_failure);
      return std::make_unique<GradientLane>(std::make_unique<HostDevice>(),
                                            std::make_unique<FakeObjective>(loss, &lane_gone), data,
                                            1);
    };
    WorkerOptions options;
    options.algorithm.name = algorithm;
    options.algorithm.parameters = kParameters;
    options.slot = 3;
    actor = system.spawn(worker, options, make_lane,
                         std::vector<DeliveryActor>{as<DeliveryActor>()}, as<LeaseDesk>(),
                         as<ReportDesk>(), std::make_shared<SystemClock>());
  }
  ~World() {
    if (!loading_) may_load_.set_value();
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  void load() {
    loading_ = true;
    may_load_.set_value();
  }

  template <class Handle>
  Handle as() {
    return caf::actor_cast<Handle>(probe.address());
  }
  template <class Message>
  void tell(Message message) {
    probe->send(caf::actor_cast<caf::actor>(actor), std::move(message));
  }
  /// The next message of this kind; what else has come stays in the mailbox.
  template <class Message>
  Message next() {
    std::optional<Message> found;
    probe->receive([&](const Message& message) { found = message; },
                   caf::after(kPatience) >> [] {});
    REQUIRE(found.has_value());
    return *found;
  }
  template <class Message>
  bool has_come() {
    bool come = false;
    probe->receive([&](const Message&) { come = true; },
                   caf::after(std::chrono::seconds(0)) >> [] {});
    return come;
  }
  /// Everything told so far has been dealt with: an answer to it would be in the mailbox.
  void settle() {
    Message unasked;
    unasked.kind = MessageKind::push;
    tell(Delivery{kPeer, unasked});
    next<Failure>();
  }
  /// Nothing it was told so far is still to be dealt with: its answer to this comes last.
  void flush() {
    tell(ReportRequest{});
    next<WorkerReport>();
  }
  void tell_news(Epoch epoch, std::vector<PeerId> joined, std::vector<PeerId> left) {
    PeerNews news{{kPeer, {epoch, std::move(joined), std::move(left)}}, {}};
    for (const PeerId peer : news.members.change.joined) {
      news.routes.emplace_back(peer, as<DeliveryActor>());
    }
    tell(std::move(news));
  }
  void ask_for_exchange(PeerId from, std::uint64_t round) {
    Message message;
    message.kind = MessageKind::exchange;
    message.from = from;
    message.round = round;
    message.payload = scattered(kParameters, 1);
    tell(Delivery{kPeer, message});
  }
  void grant(Step step, std::uint32_t samples) {
    Lease lease;
    lease.id = step;
    lease.step = step;
    lease.samples = samples;
    tell(LeaseGrant{kPeer, lease});
  }
  void answer(double learning_rate) {
    Message message;
    message.kind = MessageKind::parameters;
    message.from = PeerId::aggregator(0);
    message.learning_rate = learning_rate;
    message.payload = scattered(kParameters, 1);
    tell(Delivery{kPeer, message});
  }
  bool ended() { return lane_gone.get_future().wait_for(kPatience) == std::future_status::ready; }
};

}  // namespace

TEST_CASE("a worker reports and asks for work only once it is seated and its device is ready") {
  World world;
  SECTION("the seat comes first") {
    world.tell(StartWorker{kPeer});
    world.settle();
    CHECK(!world.has_come<WorkerReport>());
    CHECK(!world.has_come<LeaseRequest>());
    world.load();
  }
  SECTION("the device comes first") {
    world.load();
    world.settle();
    CHECK(!world.has_come<WorkerReport>());
    world.tell(StartWorker{kPeer});
  }
  const auto report = world.next<WorkerReport>();
  CHECK(report.worker == kPeer);
  CHECK(report.steps == 0);
  CHECK(world.next<LeaseRequest>().worker == kPeer);
}

TEST_CASE("a lease becomes a pull, a gradient and a push, and the last report counts it") {
  World world;
  world.load();
  world.tell(StartWorker{kPeer});
  world.next<LeaseRequest>();
  world.grant(7, 20);
  const auto pull = world.next<Delivery>();
  CHECK(pull.to == PeerId::aggregator(0));
  CHECK(pull.message.kind == MessageKind::pull);
  CHECK(pull.message.from == kPeer);
  world.answer(0.25);
  const auto push = world.next<Delivery>();
  CHECK(push.message.kind == MessageKind::push);
  CHECK(push.message.lease.step == 7);
  CHECK(push.message.loss_sum == 3 * 1.5);  // 20 samples in batches of 8
  CHECK(values_of(push.message.payload) == std::vector<float>(kParameters, 3.0F));
  world.tell(StopWorker{kPeer});
  WorkerReport last;
  while (last.steps == 0) last = world.next<WorkerReport>();
  CHECK(last.steps == 1);
  CHECK(last.samples == 20);
  CHECK(last.worker == kPeer);
}

TEST_CASE("samples are read when there is a lease, before the parameters come, and only once") {
  World world;
  world.load();
  world.tell(StartWorker{kPeer});
  world.next<LeaseRequest>();
  world.grant(7, 20);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (world.data->reads < 16 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(world.data->reads == 16);  // two batches, as many as there are buffers
  world.next<Delivery>();
  world.answer(0.25);
  world.next<Delivery>();
  CHECK(world.data->reads == 20);
}

TEST_CASE("a loss that is not finite is a failure that names worker, step and learning rate") {
  const double loss = GENERATE(std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN());
  World world(loss);
  world.load();
  world.tell(StartWorker{kPeer});
  world.grant(7, 8);
  CHECK(world.next<Delivery>().message.kind == MessageKind::pull);
  world.answer(0.25);
  const auto failure = world.next<Failure>();
  CHECK(failure.worker == kPeer);
  CHECK(failure.reason.find("worker 3") != std::string::npos);
  CHECK(failure.reason.find("step 7") != std::string::npos);
  CHECK(failure.reason.find("lr 0.25") != std::string::npos);
  CHECK(!world.has_come<Delivery>());  // the gradient goes nowhere
}

TEST_CASE("data that cannot be read is a failure with its own sentence, and no report") {
  World world(1.5, "data.path has no pictures");
  world.tell(StartWorker{kPeer});
  world.settle();
  world.load();
  const auto failure = world.next<Failure>();
  CHECK(failure.worker == kPeer);
  CHECK(failure.reason == "worker 3: data.path has no pictures");
  CHECK(!world.has_come<WorkerReport>());
}

TEST_CASE("a stop ends the worker, after its last report, and its device") {
  World world;
  world.load();
  world.tell(StartWorker{kPeer});
  world.next<LeaseRequest>();
  world.next<WorkerReport>();
  world.probe->monitor(world.actor);
  world.tell(StopWorker{kPeer});
  world.next<WorkerReport>();
  CHECK(world.next<caf::down_msg>().source == world.actor.address());
  CHECK(world.ended());
}

TEST_CASE("a worker that is ended from outside takes its device with it") {
  World world;
  world.load();
  world.tell(StartWorker{kPeer});
  world.next<LeaseRequest>();
  caf::anon_send_exit(world.actor, caf::exit_reason::user_shutdown);
  CHECK(world.ended());
}

TEST_CASE("a worker with peers begins when it hears of the members, with what they said before") {
  const PeerId other = PeerId::worker(9);
  World world(1.5, "", "ad-psgd");
  world.load();
  world.tell(StartWorker{kPeer});
  world.next<WorkerReport>();
  world.ask_for_exchange(other, 5);  // sooner than the news of its sender
  world.tell(Collect{kPeer});
  world.flush();
  CHECK(!world.has_come<Delivery>());
  CHECK(!world.has_come<LeaseRequest>());

  world.tell_news(4, {kPeer, other}, {});
  CHECK(world.next<LeaseRequest>().worker == kPeer);
  const auto pull = world.next<Delivery>();
  CHECK(pull.to == PeerId::aggregator(0));
  CHECK(pull.message.kind == MessageKind::pull);
  const auto declined = world.next<Delivery>();
  CHECK(declined.to == other);
  CHECK(declined.message.from == kPeer);
  CHECK(declined.message.kind == MessageKind::decline);  // it has no replica yet
  CHECK(declined.message.round == 5);
  const auto replica = world.next<Delivery>();
  CHECK(replica.to == PeerId::aggregator(0));
  CHECK(replica.message.kind == MessageKind::replica);
  CHECK(replica.message.payload.empty());

  world.answer(0.25);
  world.ask_for_exchange(other, 6);
  const auto answer = world.next<Delivery>();
  CHECK(answer.message.kind == MessageKind::answer);
  CHECK(values_of(answer.message.payload) == values_of(scattered(kParameters, 1)));

  world.tell_news(5, {}, {other});
  world.ask_for_exchange(other, 7);  // was under way when its sender was lost
  world.flush();
  CHECK(!world.has_come<Delivery>());
}

TEST_CASE("a worker begins anew with another algorithm, and hears nothing of the one before") {
  const PeerId other = PeerId::worker(9);
  World world;
  world.load();
  world.tell(StartWorker{kPeer});
  CHECK(world.next<LeaseRequest>().course == 0);
  AlgorithmOptions options;
  options.name = "ad-psgd";
  options.parameters = kParameters;
  world.tell(
      WorkerCourse{{kPeer, 1, "ad-psgd"}, std::make_shared<const AlgorithmOptions>(options)});
  world.answer(0.25);  // to a pull of before
  world.flush();
  CHECK(!world.has_come<LeaseRequest>());  // it waits for news of its peers
  world.tell_news(4, {kPeer, other}, {});
  CHECK(world.next<LeaseRequest>().course == 1);
  const auto pull = world.next<Delivery>();
  CHECK(pull.message.kind == MessageKind::pull);
  CHECK(pull.message.course == 1);
}
