namespace GrainVault.Storage.Tests;

public sealed class ObjectKeysTests
{
    [Fact]
    public void New_keys_are_valid_and_differ()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => ObjectKeys.NewContentKey()).ToList();
        Assert.All(keys, key => Assert.True(ObjectKeys.IsValid(key)));
        Assert.Equal(1000, keys.Distinct().Count());
        Assert.InRange(keys.Select(key => key[..11]).Distinct().Count(), 200, 256);
        Assert.True(ObjectKeys.IsValid(ObjectKeys.Marker));
    }

    [Fact]
    public void Keys_of_our_form_are_told_from_those_of_others()
    {
        Assert.True(ObjectKeys.IsContentKey(ObjectKeys.NewContentKey()));
        Assert.True(ObjectKeys.IsContentKey(ObjectKeys.NewStagingKey()));
        var id = Guid.NewGuid().ToString("n");
        foreach (var foreign in (string[])[
            $"objects/{id}", $"objects/ab/{id}x", $"objects/ab/{id[1..]}", $"objects/ab/{id}/x", $"objects/abc/{id[1..]}", $"objects/zz/{id}",
            $"objects/ab/{id[1..]}z", $"objects/ab/{id}.staged.staged", $"inbox/ab/{id}", "objects/ab", "", ObjectKeys.Marker])
            Assert.False(ObjectKeys.IsContentKey(foreign), foreign);
    }

    [Fact]
    public void Key_is_as_long_as_file_systems_allow_and_no_longer()
    {
        Assert.True(ObjectKeys.IsValid(new string('a', ObjectKeys.SegmentLengthMax)));
        Assert.False(ObjectKeys.IsValid(new string('a', ObjectKeys.SegmentLengthMax + 1)));
        Assert.False(ObjectKeys.IsValid(string.Join('/', Enumerable.Repeat("abcdefghi", 60))));
    }

    [Theory]
    [InlineData("inbox/u-1/a", true)]
    [InlineData("inbox/u-1/Ein Ordner/ä+b&c=%20?.txt", true)]
    [InlineData("inbox/u-1/\U0001F600", true)]
    [InlineData("inbox/", false)]
    [InlineData("inbox/u-1/", false)]
    [InlineData("inbox/u-1//a", false)]
    [InlineData("inbox/u-1/../../objects/a", false)]
    [InlineData("inbox/u-1/./a", false)]
    [InlineData("inbox/u-1/a\nb", false)]
    [InlineData("inbox/u-1/\uD83D", false)]
    [InlineData("objects/a", false)]
    [InlineData("Inbox/u-1/a", false)]
    [InlineData(null, false)]
    public void Keys_of_the_inbox_are_what_urls_can_carry(string? key, bool isValid)
    {
        Assert.Equal(isValid, ObjectKeys.IsInboxKey(key));
        Assert.False(ObjectKeys.IsInboxKey(key + new string('ä', 512)));
    }
}
