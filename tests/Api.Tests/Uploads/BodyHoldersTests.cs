using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using GrainVault.Api.Uploads;
using GrainVault.Links;
using GrainVault.Storage.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GrainVault.Api.Tests.Uploads;

/// <summary>Whose memory the bodies of visitors take.</summary>
public sealed class BodyHoldersTests
{
    private const int Share = 4 * PartBufferPool.SmallSizeBytes;

    [Fact]
    public async Task Bodies_of_several_links_of_one_owner_are_admitted_as_one_users()
    {
        using var pool = new PartBufferPool(new PartBufferOptions(), TimeProvider.System);
        var inFlight = new BytesInFlight(2 * Share, 10, TimeSpan.FromSeconds(30), 0.5, TimeProvider.System);
        var receiver = new BodyReceiver(inFlight, pool);
        var first = await ReceiveAsync(receiver, "owner", "192.0.2.1", []);
        using var second = await ReceiveAsync(receiver, "owner", "192.0.2.2", []);

        var third = ReceiveAsync(receiver, "owner", "192.0.2.3", []);
        Assert.Equal((false, 1), (third.IsCompleted, inFlight.Waiting));
        using var elsewhere = await ReceiveAsync(receiver, "other", "192.0.2.4", []);
        var again = await ReceiveAsync(receiver, "third", "192.0.2.4", []);
        var beyond = ReceiveAsync(receiver, "fourth", "192.0.2.4", []);
        Assert.Equal((false, 2), (beyond.IsCompleted, inFlight.Waiting));

        first.Dispose();
        again.Dispose();
        (await third).Dispose();
        (await beyond).Dispose();
    }

    [Fact]
    public void Body_of_a_user_is_his_own_and_an_address_is_not_named()
    {
        Caller.Set("u-1", null, null);
        Assert.Equal([new BodyHolder("u-1", 1)], BodyHolders.Of(new DefaultHttpContext()).All);
        var holders = Visit("u-2", "192.0.2.1");
        Assert.Equal(3, BodyHolders.Of(holders).All.Length);
        Assert.DoesNotContain(BodyHolders.Of(holders).All, holder => holder.Name.Contains("192", StringComparison.Ordinal));
        Assert.Null(Caller.UserId);
    }

    private static async Task<ReceivedBody> ReceiveAsync(BodyReceiver receiver, string owner, string address, byte[] content) =>
        await receiver.ReceiveAsync(Visit(owner, address, content).Request, content.Length, ContentChecksums.None);

    /// <summary>A request by a link of its own.</summary>
    private static DefaultHttpContext Visit(string owner, string address, byte[]? content = null)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        context.Features.Set<IRequestBodyPipeFeature>(new BodyPipe(PipeReader.Create(new ReadOnlySequence<byte>(content ?? []))));
        BodyHolders.ActByLink(context, new LinkUploadRight(null, Ids.New(Ids.Link), Ids.New(Ids.File), 1, owner));
        return context;
    }

    private sealed record BodyPipe(PipeReader Reader) : IRequestBodyPipeFeature;
}
