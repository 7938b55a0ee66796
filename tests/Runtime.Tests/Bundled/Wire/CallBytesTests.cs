using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Calls;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>Calls as bytes: arguments there, outcomes back.</summary>
public sealed class CallBytesTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public void Arguments_arrive_in_a_call_made_from_its_name()
    {
        var sent = Bytes.NewCall("test.IIsolationGrain", "Keep", new TallTree { HeightMetres = 3, Secret = 7, Leaves = [new Leaf { Name = "ä", Numbers = [1, -2] }] });
        var received = Bytes.NewCall(sent.Method.InterfaceName, sent.Method.Name);
        received.ReadArguments(Bytes.OfArguments(sent));
        var tree = Bytes.Argument<TallTree>(received, 0);
        Assert.Equal((3, 7, "ä"), (tree.HeightMetres, tree.Secret, tree.Leaves[0].Name));
        Assert.Equal([1, -2], tree.Leaves[0].Numbers);
    }

    [Fact]
    public async Task Call_from_bytes_runs_and_its_result_completes_the_callers_call()
    {
        var caller = (GrainCall<int>)Bytes.NewCall("test.wire.IAnswer", "Double", 21);
        var reply = Deliver(caller);
        Assert.True(caller.TrySucceedFrom(await reply.Body));
        Assert.Equal(42, await caller.Task);
        Assert.False(caller.TrySucceedFrom(await reply.Body));
    }

    [Fact]
    public async Task Failure_reaches_the_reply_with_its_members()
    {
        var failure = Bytes.RoundTripException(await Deliver(Bytes.NewCall("test.wire.IAnswer", "Refuse")).Failure);
        Assert.Equal(5, Assert.IsType<QuotaException>(failure).LimitBytes);
    }

    [Fact]
    public async Task Result_that_can_not_be_written_becomes_a_failure() =>
        Assert.IsType<CodecNotFoundException>(await Deliver(Bytes.NewCall("test.wire.IAnswer", "Unwritable")).Failure);

    [Fact]
    public async Task Broken_result_fails_the_callers_call()
    {
        var caller = (GrainCall<int>)Bytes.NewCall("test.wire.IAnswer", "Double", 21);
        Assert.True(caller.TrySucceedFrom(Bytes.Of("text")));
        await Assert.ThrowsAsync<SerializerException>(() => caller.Task);
    }

    [Fact]
    public async Task Arguments_from_bytes_are_the_callees_own_and_are_not_copied_again()
    {
        var reply = Deliver(Bytes.NewCall("test.wire.IAnswer", "Keep", new Preset { Count = 8 }), out var received);
        Assert.Equal(8, ResultCodec.Read<Preset>(await reply.Body).Count);
        Assert.Same(Bytes.Argument<Preset>(received, 0), reply.Result);
    }

    [Fact]
    public async Task Cancellation_from_another_process_reaches_the_callee()
    {
        var key = $"g-{Guid.NewGuid():N}";
        var reply = Deliver(Bytes.NewCall("test.wire.IAnswer", "Wait", CancellationToken.None), out var received, key);
        await silo.Phases.WaitFor($"{key} waits");
        received.CancelFromRemote();
        await silo.Phases.WaitFor($"{key} ended");
        Assert.IsType<OperationCanceledException>(await reply.Failure);
    }

    [Fact]
    public async Task Cancellation_before_delivery_is_not_lost()
    {
        var received = Received(Bytes.NewCall("test.wire.IAnswer", "Wait", CancellationToken.None), $"g-{Guid.NewGuid():N}", out var reply);
        received.CancelFromRemote();
        Runtime.MessageCenter.Send(received);
        Assert.IsType<OperationCanceledException>(await reply.Failure);
        Assert.False(silo.Phases.IsReached($"{received.Target.Key} waits"));
    }

    [Fact]
    public async Task Grain_reference_arrives_able_to_call()
    {
        var other = silo.Grain<IAnswerGrain>();
        var reply = Deliver(Bytes.NewCall("test.wire.IAnswer", "Introduce", other));
        var back = ResultCodec.Read<IAnswerGrain>(await reply.Body, Runtime.References);
        Assert.Equal(other, back);
        Assert.Equal(6, await back.Double(3));
        var body = await reply.Body;
        Assert.Throws<SerializerException>(() => ResultCodec.Read<IIsolationGrain>(body, Runtime.References));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<IAnswerGrain>(body));
    }

    [Fact]
    public void Context_arrives_with_its_values()
    {
        var context = new Dictionary<string, object> { ["user"] = "u-1", ["deadline"] = DateTimeOffset.UnixEpoch, ["grain"] = silo.Grain<IAnswerGrain>(), ["n"] = 5 };
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        ContextCodec.Write(output, context);
        Assert.Equal(context, ContextCodec.Read(output.WrittenMemory, Runtime.References));
        output.ResetWrittenCount();
        ContextCodec.Write(output, null);
        Assert.Null(ContextCodec.Read(output.WrittenMemory));
    }

    private SiloRuntime Runtime => silo.Services.GetRequiredService<SiloRuntime>();

    private Reply Deliver(GrainCall sent) => Deliver(sent, out _);

    private Reply Deliver(GrainCall sent, out GrainCall received, string? key = null)
    {
        received = Received(sent, key ?? $"g-{Guid.NewGuid():N}", out var reply);
        Runtime.MessageCenter.Send(received);
        return reply;
    }

    private GrainCall Received(GrainCall sent, string key, out Reply reply)
    {
        var received = CallCatalog.Create(sent.Method.InterfaceName, sent.Method.Name)!;
        received.ReadArguments(Bytes.OfArguments(sent), Runtime.References);
        received.Target = GrainId.Create("wire-answer", key);
        received.Reply = reply = new Reply();
        return received;
    }

    private sealed class Reply : ICallReply
    {
        private readonly TaskCompletionSource<byte[]> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<Exception> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public object? Result { get; private set; }

        public Task<byte[]> Body => _body.Task.WaitAsync(Phases.Patience);

        public Task<Exception> Failure => _failure.Task.WaitAsync(Phases.Patience);

        public void Succeed<TResult>(TResult result)
        {
            var body = Bytes.Of(result);
            Result = result;
            _body.SetResult(body);
        }

        public void Fail(Exception failure) => _failure.SetResult(failure);
    }
}
