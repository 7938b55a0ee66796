using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>During an upgrade, processes of two versions talk to each other.</summary>
public sealed class VersionTests
{
    [Fact]
    public void Member_that_the_reader_does_not_know_is_skipped()
    {
        var sent = new New("n", [new Ring("r", 1, 2), new Square("s", 3)], 5, Guid.NewGuid(), 1.5, 2.5f);
        Assert.Equal(new Old("n", 5), ResultCodec.Read<Old>(Bytes.Of(sent)));
    }

    [Fact]
    public void Member_that_the_writer_did_not_know_gets_its_default() =>
        Assert.Equal(new New("n", null, 5, Guid.Empty, 0, 0), ResultCodec.Read<New>(Bytes.Of(new Old("n", 5))));

    [Fact]
    public void Each_level_keeps_its_own_numbers_when_another_grows()
    {
        var sent = new NewLeaf { Number = 1, Shape = new Square("s", 2), Text = "t", Extra = 3 };
        var old = ResultCodec.Read<OldDerived>(Bytes.Of(sent));
        Assert.Equal((1, "t"), (old.Number, old.Text));
        var back = ResultCodec.Read<NewLeaf>(Bytes.Of(new OldDerived { Number = 4, Text = "u" }));
        Assert.Equal((4, "u", null, 0), (back.Number, back.Text, back.Shape, back.Extra));
    }

    [Fact]
    public void Parameter_added_at_the_end_is_skipped_by_an_old_callee()
    {
        var sent = Bytes.NewCall("test.wire.INew", "Put", "n", CancellationToken.None, new Ring("r", 1, 2), 7);
        var received = Bytes.NewCall("test.wire.IOld", "Put");
        received.ReadArguments(Bytes.OfArguments(sent));
        Assert.Equal("n", Bytes.Argument<string>(received, 0));
    }

    [Fact]
    public void Parameter_that_an_old_caller_does_not_send_gets_its_default()
    {
        var received = Bytes.NewCall("test.wire.INew", "Put");
        received.ReadArguments(Bytes.OfArguments(Bytes.NewCall("test.wire.IOld", "Put", "n", CancellationToken.None)));
        Assert.Equal(("n", null, 0), (Bytes.Argument<string>(received, 0), Bytes.Argument<Shape?>(received, 2), Bytes.Argument<int>(received, 3)));
    }

    [Fact]
    public void Unknown_interface_or_method_makes_no_call()
    {
        Assert.Null(Orleans.Calls.CallCatalog.Create("test.wire.INone", "Put"));
        Assert.Null(Orleans.Calls.CallCatalog.Create("test.wire.IOld", "Take"));
        Assert.Null(Orleans.Calls.CallCatalog.Create("System.String", "Clone"));
    }

    [Fact]
    public void Methods_of_one_name_are_told_apart()
    {
        Assert.Equal(typeof(int), Bytes.NewCall("test.wire.IOld", "Both(System.Int32)").Method.Method.GetParameters()[0].ParameterType);
        Assert.Equal(typeof(string), Bytes.NewCall("test.wire.IOld", "Both(System.String)").Method.Method.GetParameters()[0].ParameterType);
    }
}
