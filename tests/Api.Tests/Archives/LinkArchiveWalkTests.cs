using System.Reflection;
using GrainVault.Api.Archives;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Links;
using GrainVault.Silo.Options;

namespace GrainVault.Api.Tests.Archives;

/// <summary>An archive by a link, when the link or what it leads to ends in the middle.</summary>
public sealed class LinkArchiveWalkTests
{
    [Fact]
    public async Task What_the_link_does_not_lead_to_any_more_is_left_out()
    {
        Assert.Equal(["top/", "top/first", "top/third"], await WalkAsync(id => id == "second" ? RefusalReason.NotFound : null));
        Assert.Empty(await WalkAsync(id => id == "top" ? RefusalReason.NotFound : null));
    }

    [Theory]
    [InlineData("top")]
    [InlineData("second")]
    public async Task Archive_of_a_link_that_has_ended_is_cut_off(string last)
    {
        var exception = await Assert.ThrowsAsync<ProblemException>(() => WalkAsync(id => id == last ? RefusalReason.Forbidden : null));
        Assert.Equal(404, exception.Problem.Type.Status);
    }

    private static async Task<List<string>> WalkAsync(Func<string, RefusalReason?> refuse)
    {
        var link = DispatchProxy.Create<ILinkGrain, Linked>();
        ((Linked)(object)link).Refuse = refuse;
        var calls = new GrainCalls(new GrainClusterOptions { Mode = ClusterMode.Embedded }, null!);
        var paths = new List<string>();
        await foreach (var item in ArchiveWalk.Of(link, "ticket", calls).ItemsAsync([Entry("top", EntryKind.Folder)]))
            paths.Add(item.Path);
        return paths;
    }

    private static ArchiveEntry Entry(string id, EntryKind kind) => new(id, kind, id, "", 0, DateTimeOffset.UnixEpoch);

    /// <summary>A link to a folder of three files.</summary>
    private class Linked : DispatchProxy
    {
        public Func<string, RefusalReason?> Refuse { get; set; } = _ => null;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal("ticket", args![0]);
            var id = (string)args[1]!;
            var refusal = Refuse(id) is { } reason ? new Refusal(reason, "refused") : null;
            return targetMethod!.Name switch
            {
                nameof(ILinkGrain.ListArchiveAsync) => Task.FromResult(new ArchivePageResult(
                    refusal, refusal is null ? [Entry("first", EntryKind.File), Entry("second", EntryKind.File), Entry("third", EntryKind.File)] : [], null)),
                nameof(ILinkGrain.OpenArchiveEntryAsync) => Task.FromResult(new ArchiveEntryResult(refusal, refusal is null ? Entry(id, EntryKind.File) : null)),
                _ => throw new InvalidOperationException(targetMethod.Name),
            };
        }
    }
}
