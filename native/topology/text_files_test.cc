#include "topology/text_files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "topology/fake_machine.h"

namespace msgtrans {
namespace {

class TextFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "topology-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path, std::ios::binary) << text;
  }

  std::string root_;
};

TEST_F(TextFilesTest, reads_whole_files_below_its_root) {
  const std::string long_text(100'000, 'x');
  write("/sys/a", long_text);
  write("/sys/empty", "");
  const DiskFiles files(root_);
  EXPECT_EQ(files.read("/sys/a").text, long_text);
  EXPECT_EQ(files.read("/sys/empty").error, 0);
  EXPECT_EQ(files.read("/sys/empty").text, "");
}

TEST_F(TextFilesTest, tells_why_a_file_cannot_be_read) {
  write("/sys/a", "");
  write("/sys/large", std::string(TextFiles::kFileBytesMax + 1, 'x'));
  const DiskFiles files(root_);
  EXPECT_EQ(files.read("/sys/none").error, ENOENT);
  EXPECT_EQ(files.read("/sys/a/b").error, ENOTDIR);
  EXPECT_EQ(files.read("/sys").error, EISDIR);
  EXPECT_EQ(files.read("/sys/large").error, EFBIG);
}

TEST_F(TextFilesTest, shows_a_machine_from_a_folder_as_from_memory) {
  for (const FakeMachine& machine : {FakeMachine::one_node(), FakeMachine::two_nodes(), FakeMachine::four_nodes()}) {
    std::filesystem::remove_all(root_ + "/sys");
    const MemoryFiles shown = machine.files();
    for (const auto& [path, text] : shown.texts()) write(path, text);
    const MachineTopology read = read_machine_topology(DiskFiles(root_), *CpuSet::parse(machine.online));
    const MachineTopology expected = machine.topology();
    ASSERT_EQ(read.nodes.size(), machine.nodes.size());
    for (size_t index = 0; index < read.nodes.size(); ++index) {
      EXPECT_EQ(read.nodes[index].cpus, expected.nodes[index].cpus);
      EXPECT_EQ(read.nodes[index].memory_bytes, machine.nodes[index].memory_kilobytes * 1024);
      EXPECT_EQ(read.nodes[index].distances, expected.nodes[index].distances);
    }
    EXPECT_TRUE(read.problems.empty());
  }
}

}  // namespace
}  // namespace msgtrans
