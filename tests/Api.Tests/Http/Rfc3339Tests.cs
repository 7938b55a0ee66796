using System.Text.Json;
using GrainVault.Api.Http;

namespace GrainVault.Api.Tests.Http;

public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2030-01-02T03:04:05Z", "2030-01-02T03:04:05.0000000+00:00")]
    [InlineData("2030-01-02t03:04:05.5z", "2030-01-02T03:04:05.5000000+00:00")]
    [InlineData("2030-01-02T03:04:05.123456789-02:30", "2030-01-02T05:34:05.1234568+00:00")]
    [InlineData("2030-01-02T03:04:05+00:00", "2030-01-02T03:04:05.0000000+00:00")]
    public void Time_with_an_offset_is_one(string text, string time)
    {
        Assert.True(Rfc3339.TryParse(text, out var parsed));
        Assert.Equal(time, parsed.ToString("O"));
        Assert.Equal(parsed, JsonSerializer.Deserialize($$"""{"expiresAt":"{{text}}"}""", ApiJson.Default.CreateLinkRequest)!.ExpiresAt);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2030-01-02")]
    [InlineData("2030-01-02T03:04Z")]
    [InlineData("2030-01-02T03:04:05")]
    [InlineData("2030-01-02 03:04:05Z")]
    [InlineData("2030-01-02T03:04:05 02:00")]
    [InlineData("2030-13-02T03:04:05Z")]
    [InlineData("2030-01-02T25:04:05Z")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("2030-01-02T03:04:05Z\n")]
    [InlineData("٢٠٣٠-01-02T03:04:05Z")]
    public void Anything_else_is_none(string text)
    {
        Assert.False(Rfc3339.TryParse(text, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"expiresAt":{{JsonSerializer.Serialize(text)}}}""", ApiJson.Default.CreateLinkRequest));
    }
}
