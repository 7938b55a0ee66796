using System.Text;
using GrainVault.Inbox;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Inbox;

public sealed class InboxKeyTests
{
    [Theory]
    [InlineData("inbox/u-1/a.txt", "a.txt")]
    [InlineData("inbox/u-1/deep/er/a.txt", "a.txt")]
    [InlineData("inbox/u-1/Größe 100%25 + x.txt", "Größe 100%25 + x.txt")]
    [InlineData("inbox/u-1/left\u202Eright", "left_right")]
    [InlineData("inbox/u-1/...", "...")]
    public void Name_is_the_last_segment_made_valid(string key, string name)
    {
        Assert.Equal(new InboxKey("u-1", name), InboxKey.Parse(key));
    }

    [Theory]
    [InlineData("inbox/")]
    [InlineData("inbox/u-1")]
    [InlineData("inbox/u-1/")]
    [InlineData("inbox/u-1/../a")]
    [InlineData("inbox/u-1//a")]
    [InlineData("objects/ab/cd")]
    public void Key_without_a_user_or_a_file_is_none(string key)
    {
        Assert.Null(InboxKey.Parse(key));
    }

    [Fact]
    public void Long_name_is_cut_at_a_character_and_keeps_its_extension()
    {
        var name = InboxKey.Parse($"inbox/u-1/{new string('ß', 300)}.txt")!.Name;
        Assert.Equal(254, Encoding.UTF8.GetByteCount(name));
        Assert.EndsWith("ß.txt", name, StringComparison.Ordinal);
    }

    [Fact]
    public void Mark_of_a_folder_is_no_file()
    {
        Assert.True(InboxKey.IsFolder(new ListedObject("inbox/u-1/", 0, default)));
        Assert.False(InboxKey.IsFolder(new ListedObject("inbox/u-1/a", 0, default)));
        Assert.False(InboxKey.IsFolder(new ListedObject("inbox/u-1/", 1, default)));
    }
}
