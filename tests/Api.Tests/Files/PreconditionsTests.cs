using GrainVault.Api.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Tests.Files;

/// <summary>RFC 9110, sections 13.1 and 13.2.2.</summary>
public sealed class PreconditionsTests
{
    private const string At = "Fri, 20 Nov 2026 10:00:00 GMT";
    private const string Before = "Fri, 20 Nov 2026 09:59:59 GMT";
    private const string After = "Fri, 20 Nov 2026 10:00:01 GMT";
    private static readonly EntityTagHeaderValue ETag = new("\"v1\"");
    private static readonly DateTimeOffset Modified = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("If-Match", "\"v1\"", "Proceed")]
    [InlineData("If-Match", "\"v0\", \"v1\"", "Proceed")]
    [InlineData("If-Match", "*", "Proceed")]
    [InlineData("If-Match", "\"v0\"", "Failed")]
    [InlineData("If-Match", "W/\"v1\"", "Failed")]
    [InlineData("If-Match", "garbage", "Failed")]
    [InlineData("If-Unmodified-Since", At, "Proceed")]
    [InlineData("If-Unmodified-Since", After, "Proceed")]
    [InlineData("If-Unmodified-Since", Before, "Failed")]
    [InlineData("If-Unmodified-Since", "yesterday", "Proceed")]
    [InlineData("If-None-Match", "\"v1\"", "NotModified")]
    [InlineData("If-None-Match", "W/\"v1\"", "NotModified")]
    [InlineData("If-None-Match", "\"v0\", W/\"v1\"", "NotModified")]
    [InlineData("If-None-Match", "*", "NotModified")]
    [InlineData("If-None-Match", "\"v0\"", "Proceed")]
    [InlineData("If-None-Match", "garbage", "Proceed")]
    [InlineData("If-Modified-Since", At, "NotModified")]
    [InlineData("If-Modified-Since", After, "NotModified")]
    [InlineData("If-Modified-Since", Before, "Proceed")]
    [InlineData("If-Modified-Since", "31/12/2026", "Proceed")]
    public void Each_header_decides_alone(string name, string value, string decision) =>
        Assert.Equal(decision, Evaluate((name, value)).ToString());

    [Fact]
    public void If_match_takes_precedence_over_dates() =>
        Assert.Equal(PreconditionDecision.Proceed, Evaluate(("If-Match", "\"v1\""), ("If-Unmodified-Since", Before)));

    [Fact]
    public void If_none_match_takes_precedence_over_dates() =>
        Assert.Equal(PreconditionDecision.Proceed, Evaluate(("If-None-Match", "\"v0\""), ("If-Modified-Since", After)));

    [Fact]
    public void Failed_precondition_comes_before_not_modified() =>
        Assert.Equal(PreconditionDecision.Failed, Evaluate(("If-Match", "\"v0\""), ("If-None-Match", "\"v1\"")));

    [Theory]
    [InlineData(null, true)]
    [InlineData("\"v1\"", true)]
    [InlineData("\"v0\"", false)]
    [InlineData("W/\"v1\"", false)]
    [InlineData(At, true)]
    [InlineData(After, false)]
    [InlineData(Before, false)]
    [InlineData("garbage", false)]
    public void Range_applies_only_to_exactly_this_content(string? ifRange, bool applies) =>
        Assert.Equal(applies, Preconditions.RangeApplies(ifRange is null ? default : new(ifRange), ETag, Modified, Modified.AddHours(1)));

    [Fact]
    public void Date_in_the_second_of_the_change_is_no_strong_validator() =>
        Assert.False(Preconditions.RangeApplies(new(At), ETag, Modified, Modified.AddMilliseconds(500)));

    private static PreconditionDecision Evaluate(params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers)
            dictionary[name] = value;
        return Preconditions.Evaluate(dictionary, ETag, Modified);
    }
}
