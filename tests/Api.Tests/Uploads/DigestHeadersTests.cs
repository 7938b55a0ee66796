using System.Security.Cryptography;
using GrainVault.Api.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Tests.Uploads;

public sealed class DigestHeadersTests
{
    private static readonly byte[] Content = "content"u8.ToArray();
    private static readonly string Sha256 = Convert.ToBase64String(SHA256.HashData(Content));
    private static readonly string Other = Convert.ToBase64String(SHA256.HashData([]));
    private static readonly string Md5 = Convert.ToBase64String(MD5.HashData(Content));

    public static TheoryData<string, string> Right => new()
    {
        { "Content-MD5", Md5 },
        { "Content-Digest", $"sha-256=:{Sha256}:" },
        { "Repr-Digest", $"sha-256=:{Sha256}:" },
        { "Repr-Digest", $"sha-512=:AAAA:, sha-256=:{Sha256}:" },
        { "Repr-Digest", $"unixsum=:AAAA: ,  sha-256=:{Sha256}:" },
        { "X-Checksum-Sha256", Sha256 },
        { "X-Checksum-Sha256", Convert.ToHexString(SHA256.HashData(Content)) },
        { "X-Checksum-Sha256", Convert.ToHexStringLower(SHA256.HashData(Content)) },
    };

    public static TheoryData<string, string[]> Wrong => new()
    {
        { "Content-MD5", [Md5, Md5] },
        { "Content-MD5", [""] },
        { "Content-MD5", ["AAAA"] },
        { "Content-MD5", [Md5[..^2]] },
        { "Content-MD5", [Md5 + "AAAA"] },
        { "Content-MD5", ["!" + Md5[1..]] },
        { "Content-MD5", [" " + Md5] },
        { "Content-Digest", [""] },
        { "Content-Digest", ["sha-256"] },
        { "Content-Digest", ["sha-256="] },
        { "Content-Digest", [$"sha-256={Sha256}"] },
        { "Content-Digest", ["sha-256=:AAAA:"] },
        { "Content-Digest", ["sha-256=:****:"] },
        { "Content-Digest", [$"SHA-256=:{Sha256}:"] },
        { "Content-Digest", [$"sha-256=:{Sha256}:,"] },
        { "Content-Digest", [$"sha-256=:{Sha256}:, sha-256=:{Sha256}:"] },
        { "Content-Digest", [$"sha-256=:{Sha256}:", $"sha-256=:{Sha256}:"] },
        { "Content-Digest", [$"sha-256=:{Sha256}:, sha-512=nothing"] },
        { "Repr-Digest", [new string('a', DigestHeaders.LengthMax + 1)] },
        { "X-Checksum-Sha256", [Sha256, Sha256] },
        { "X-Checksum-Sha256", [""] },
        { "X-Checksum-Sha256", [new string('g', 64)] },
        { "X-Checksum-Sha256", [new string('a', 63)] },
        { "X-Checksum-Sha256", [new string('a', 65)] },
    };

    [Theory]
    [MemberData(nameof(Right))]
    public void Right_header_matches_its_content_and_no_other(string name, string value)
    {
        Assert.True(Read(out var checksums, out _, (name, value)));
        Assert.True(checksums.Match(SHA256.HashData(Content), MD5.HashData(Content)));
        Assert.False(checksums.Match(SHA256.HashData([]), MD5.HashData([])));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Malformed_or_repeated_header_is_an_error_that_names_it(string name, string[] values)
    {
        Assert.False(Read(out _, out var error, (name, values)));
        Assert.StartsWith(name, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_that_agree_are_taken_together() =>
        Assert.True(Read(out _, out _, ("Repr-Digest", $"sha-256=:{Sha256}:"), ("X-Checksum-Sha256", Sha256), ("Content-MD5", Md5)));

    [Fact]
    public void Headers_that_contradict_each_other_are_an_error() =>
        Assert.False(Read(out _, out _, ("Repr-Digest", $"sha-256=:{Sha256}:"), ("X-Checksum-Sha256", Other)));

    [Fact]
    public void Unknown_algorithms_alone_claim_nothing()
    {
        Assert.True(Read(out var checksums, out _, ("Content-Digest", "sha-512=:AAAA:, crc32c=:AAAAAA==:")));
        Assert.Same(ContentChecksums.None, checksums);
    }

    private static bool Read(out ContentChecksums checksums, out string? error, params (string Name, StringValues Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers)
            dictionary[name] = value;
        return DigestHeaders.TryRead(dictionary, out checksums, out error);
    }
}
