using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Links;

/// <summary>A silo whose clock a test moves: time ends links, tickets and the memory of wrong passwords.</summary>
public sealed class LinksHost : GrainsHost
{
    public const int FailedPasswordCountMax = 3;
    public const int OpenUploadCountMax = 4;

    public LinksHost()
    {
        Settings["GrainVault:Links:FailedPasswordCountMax"] = FailedPasswordCountMax.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Settings["GrainVault:Links:OpenUploadCountMax"] = OpenUploadCountMax.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public ShiftedTime Time { get; } = new();

    /// <summary>The link with a token, as visitors come to it.</summary>
    public ILinkGrain Link(string token)
    {
        Caller.Set(null, null, "test");
        return Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token));
    }

    /// <summary>A new link; fails the test when refused.</summary>
    public async Task<(string Token, Link Link)> MakeAsync(
        TestUser owner, string entry, string? password = null, TimeSpan? lives = null, long? downloads = null, LinkRole role = LinkRole.View,
        long? files = null, long? bytes = null)
    {
        var token = LinkTokens.New();
        var result = await owner.File(entry).CreateLinkAsync(new CreateLinkCommand(
            Ids.New(Ids.Link), LinkTokens.Hash(token), role, password, lives is { } life ? Time.GetUtcNow() + life : null, downloads, files, bytes));
        Assert.Null(result.Refusal);
        return (token, Assert.Single(result.Links));
    }

    /// <summary>A session of a visitor.</summary>
    public Task<LinkUploadResult> OpenAsync(string token, long size, string name = "x") =>
        Link(token).CreateUploadAsync(LinkPass.None, new LinkUploadCommand(Ids.New(Ids.Upload), name, size, null, null, null));

    /// <summary>A part of a visitor's session.</summary>
    public Task<PartResult> SendAsync(Link link, string uploadId, int number, byte[] bytes)
    {
        Caller.ActByLink(link.Id);
        return Grains.GetGrain<IPartWriterGrain>("w-0").WritePartAsync(new WritePartCommand(uploadId, number, new PartContent(bytes), SHA256.HashData(bytes)));
    }

    /// <summary>A visitor's file in one request.</summary>
    public Task<EntryResult> SendAsync(Link link, string name, byte[] bytes)
    {
        Caller.ActByLink(link.Id);
        return Grains.GetGrain<IPartWriterGrain>("w-0").WriteFileAsync(new WriteFileCommand(
            Ids.New(Ids.File), name, link.EntryId, null, OnConflict.Rename, new PartContent(bytes), SHA256.HashData(bytes)));
    }

    protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(Time);
}
