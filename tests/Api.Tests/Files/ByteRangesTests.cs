using GrainVault.Api.Files;

namespace GrainVault.Api.Tests.Files;

public sealed class ByteRangesTests
{
    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=2-5", 2, 4)]
    [InlineData("bytes=2-", 2, 8)]
    [InlineData("bytes=-3", 7, 3)]
    [InlineData("bytes=-100", 0, 10)]
    [InlineData("bytes=5-100", 5, 5)]
    [InlineData("BYTES=5-100", 5, 5)]
    [InlineData("bytes= 5-6 ", 5, 2)]
    [InlineData("bytes=,5-6,,", 5, 2)]
    [InlineData("bytes=5-99999999999999999999999999", 5, 5)]
    [InlineData("bytes=-99999999999999999999999999", 0, 10)]
    public void One_range_is_cut_to_the_content(string header, long offset, long length)
    {
        Assert.Equal(RangeDecision.Partial, ByteRanges.Decide(header, 10, out var ranges));
        Assert.Equal([new ByteRange(offset, length)], ranges);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes=")]
    [InlineData("bytes=,")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=-")]
    [InlineData("bytes=5")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=1-2-3")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=0x1-2")]
    [InlineData("bytes=1-2,x")]
    [InlineData("bytes=1 -2")]
    [InlineData("items=0-1")]
    public void Malformed_or_unknown_range_is_ignored(string? header)
    {
        Assert.Equal(RangeDecision.Whole, ByteRanges.Decide(header, 10, out var ranges));
        Assert.Empty(ranges);
    }

    [Theory]
    [InlineData("bytes=10-", 10)]
    [InlineData("bytes=10-20,30-40", 10)]
    [InlineData("bytes=-0", 10)]
    [InlineData("bytes=99999999999999999999999999-", 10)]
    [InlineData("bytes=0-", 0)]
    [InlineData("bytes=-0", 0)]
    public void Range_outside_the_content_is_unsatisfiable(string header, long size) =>
        Assert.Equal(RangeDecision.Unsatisfiable, ByteRanges.Decide(header, size, out _));

    [Fact]
    public void Suffix_of_empty_content_is_the_whole_content() =>
        Assert.Equal(RangeDecision.Whole, ByteRanges.Decide("bytes=-5", 0, out _));

    [Fact]
    public void Separate_ranges_keep_their_order()
    {
        ByteRanges.Decide("bytes=6-7, 0-1, 3-4, 50-60", 10, out var ranges);
        Assert.Equal([new ByteRange(6, 2), new ByteRange(0, 2), new ByteRange(3, 2)], ranges);
    }

    [Fact]
    public void Overlapping_and_touching_ranges_are_merged()
    {
        ByteRanges.Decide("bytes=8-9,0-3,2-5,6-6", 10, out var ranges);
        Assert.Equal([new ByteRange(0, 7), new ByteRange(8, 2)], ranges);
    }

    [Fact]
    public void Hundred_ranges_are_served_and_more_are_ignored()
    {
        static string Of(int count) => "bytes=" + string.Join(',', Enumerable.Range(0, count).Select(i => $"{i * 2}-{i * 2}"));
        Assert.Equal(RangeDecision.Partial, ByteRanges.Decide(Of(ByteRanges.RangeCountMax), 10_000, out var ranges));
        Assert.Equal(ByteRanges.RangeCountMax, ranges.Count);
        Assert.Equal(RangeDecision.Whole, ByteRanges.Decide(Of(ByteRanges.RangeCountMax + 1), 10_000, out _));
        Assert.Equal(RangeDecision.Whole, ByteRanges.Decide("bytes=" + new string(',', 1000) + "0-1", 10_000, out _));
    }

    [Fact]
    public void Ranges_never_add_up_to_more_than_the_content()
    {
        var random = new Random(20_240_917);
        for (var round = 0; round < 1000; round++)
        {
            var size = random.Next(1, 50);
            var header = "bytes=" + string.Join(',', Enumerable.Range(0, random.Next(1, 20)).Select(_ => $"{random.Next(60)}-{random.Next(60)}"));
            ByteRanges.Decide(header, size, out var ranges);
            Assert.True(ranges.Sum(range => range.Length) <= size, header);
            Assert.All(ranges, range => Assert.True(range.Offset >= 0 && range.Length > 0 && range.End <= size, header));
        }
    }
}
