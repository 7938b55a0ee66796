using System.Buffers;
using System.Net.Sockets;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

public sealed class ExceptionBytesTests
{
    public static TheoryData<Exception> Known =>
    [
        new InvalidOperationException("no"),
        new ArgumentOutOfRangeException("size", 5, "too large"),
        new TimeoutException("late"),
        new OperationCanceledException("cancelled"),
        new KeyNotFoundException("gone"),
        new FileNotFoundException("file"),
        new ObjectDisposedException("thing"),
        new SocketException((int)SocketError.ConnectionRefused, "refused"),
        new SiloUnavailableException("silo"),
        new LimitExceededException("limit", 5, 4, "x"),
        new OrleansMessageRejectionException("rejected"),
        new Exception(),
    ];

    [Theory]
    [MemberData(nameof(Known))]
    public void Known_exception_keeps_type_message_code_and_cause(Exception sent)
    {
        Assert.Equivalent(sent.Message, Bytes.RoundTripException(sent).Message);
        var received = Bytes.RoundTripException(sent);
        Assert.IsType(sent.GetType(), received);
        Assert.Equal(sent.HResult, received.HResult);
    }

    [Fact]
    public void Stack_trace_data_and_causes_arrive()
    {
        var received = Bytes.RoundTripException(Thrown(() => throw new InvalidOperationException("outer", new QuotaException("inner", 9)) { Data = { ["n"] = 5 } }));
        Assert.Contains(nameof(Stack_trace_data_and_causes_arrive), received.StackTrace, StringComparison.Ordinal);
        Assert.Equal(5, received.Data["n"]);
        Assert.Equal(9, Assert.IsType<QuotaException>(received.InnerException).LimitBytes);
    }

    [Fact]
    public void Marked_exception_keeps_its_members()
    {
        var received = Assert.IsType<QuotaException>(Bytes.RoundTripException(new QuotaException("full", 7, new TimeoutException("late")) { Detail = new Ring("r", 1, 2) }));
        Assert.Equal(("full", 7, new Ring("r", 1, 2)), (received.Message, received.LimitBytes, received.Detail));
        Assert.IsType<TimeoutException>(received.InnerException);
    }

    [Fact]
    public void Member_that_can_not_cross_stays_behind()
    {
        var received = Assert.IsType<QuotaException>(Bytes.RoundTripException(new QuotaException("full", 7) { Detail = new UnmarkedShape("u") }));
        Assert.Equal(("full", null), (received.Message, received.Detail));
    }

    [Fact]
    public void All_causes_of_an_aggregate_arrive()
    {
        var sent = new AggregateException("many", new TimeoutException("a"), new AggregateException(new InvalidOperationException("b")));
        var received = Assert.IsType<AggregateException>(Bytes.RoundTripException(sent));
        Assert.Equal(sent.Message, received.Message);
        Assert.Equal("b", received.Flatten().InnerExceptions[1].Message);
    }

    [Fact]
    public void Unknown_exception_arrives_as_its_name_and_message()
    {
        var received = Assert.IsType<UnavailableExceptionFallbackException>(Bytes.RoundTripException(
            Thrown(() => throw new PrivateException("mine"))));
        Assert.Equal(("mine", typeof(PrivateException).FullName), (received.Message, received.ExceptionType));
        Assert.Contains(nameof(Unknown_exception_arrives_as_its_name_and_message), received.StackTrace, StringComparison.Ordinal);
        Assert.Equal(typeof(PrivateException).FullName, Assert.IsType<UnavailableExceptionFallbackException>(Bytes.RoundTripException(received)).ExceptionType);
    }

    [Fact]
    public void Endless_causes_and_texts_are_cut()
    {
        Exception deep = new TimeoutException(new string('x', 1 << 20));
        for (var depth = 0; depth < 1000; depth++)
            deep = new InvalidOperationException($"depth {depth}", deep);
        Assert.True(Bytes.OfException(deep).Length < 100_000);
        var received = Bytes.RoundTripException(deep);
        Assert.Equal("depth 999", received.Message);
        Assert.True(Bytes.OfException(new TimeoutException(new string('x', 1 << 20))).Length < 100_000);
    }

    [Fact]
    public void Exception_as_a_value_keeps_its_type()
    {
        Assert.Equal("late", Assert.IsType<TimeoutException>(Bytes.RoundTrip<object>(new TimeoutException("late"))).Message);
        Assert.Equal(3, Bytes.RoundTrip(new QuotaException("full", 3)).LimitBytes);
        Assert.Null(Bytes.RoundTrip<Exception?>(null));
    }

    [Fact]
    public void Name_of_what_is_no_exception_makes_nothing()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new WireWriter(bytes);
        writer.TypeOf(0, "!"u8);
        writer.Begin(0);
        writer.Text(0, "System.IO.FileInfo");
        writer.Text(1, "/etc/passwd");
        writer.End();
        writer.Flush();
        Assert.Equal("System.IO.FileInfo", Assert.IsType<UnavailableExceptionFallbackException>(ExceptionCodec.Read(bytes.WrittenMemory)).ExceptionType);
    }

    private static Exception Thrown(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure)
        {
            return failure;
        }
        throw new InvalidOperationException("Nothing was thrown.");
    }
}
