using GrainVault.Runtime.Tests.Calls;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

public sealed class PolymorphismTests
{
    [Fact]
    public void Value_of_a_derived_type_keeps_its_type_and_all_levels()
    {
        Assert.Equal(new Ring("r", 1.5, 0.5), Bytes.RoundTrip<Shape>(new Ring("r", 1.5, 0.5)));
        Assert.Equal(new Circle("c", 2), Bytes.RoundTrip<Circle>(new Circle("c", 2)));
        Assert.Equal(new Ring("r", 1, null), Bytes.RoundTrip<Circle>(new Ring("r", 1, null)));
        var drawing = Bytes.RoundTrip(new Drawing(new Square("s", 1), [new Circle("c", 2), new Ring("r", 3, 4)]));
        Assert.Equal([new Circle("c", 2), new Ring("r", 3, 4)], drawing.Others);
        Assert.Equal(new Square("s", 1), drawing.Main);
    }

    [Fact]
    public void Interface_or_object_arrives_as_what_it_held()
    {
        var list = Assert.IsType<List<Leaf>>(Bytes.RoundTrip<IReadOnlyList<Leaf>>(new List<Leaf> { new() { Name = "n" } }));
        Assert.Equal("n", Assert.Single(list).Name);
        Assert.Equal(Colour.Red, Bytes.RoundTrip<object>(Colour.Red));
        Assert.Equal(Unmarked.Low, Bytes.RoundTrip<object>(Unmarked.Low));
        var page = Assert.IsType<Page<KeyValuePair<string, int?>>>(Bytes.RoundTrip<object>(new Page<KeyValuePair<string, int?>>([new("a", null)], "b")));
        Assert.Equal(("a", "b"), (page.Items[0].Key, page.Next));
    }

    [Fact]
    public void Type_of_another_kind_than_declared_is_refused()
    {
        var square = Bytes.Of<Shape>(new Square("s", 1));
        Assert.Throws<SerializerException>(() => Orleans.Serialization.Wire.ResultCodec.Read<Circle>(square));
        Assert.Throws<SerializerException>(() => Orleans.Serialization.Wire.ResultCodec.Read<string>(square));
    }

    [Fact]
    public void Names_whose_parts_do_not_go_together_find_nothing_and_use_nothing_up()
    {
        for (var time = 0; time < 10_000; time++)
        {
            Assert.Null(WireTypeNames.Find("System.Nullable`1<System.String>"));
            Assert.Null(WireTypeNames.Find($"System.Collections.Generic.List`1<System.Int32>[{time}]"));
        }
        Assert.Equal(typeof(Dictionary<Guid, Leaf[]>), WireTypeNames.Find(WireTypeNames.NameOf(typeof(Dictionary<,>)) + "<System.Guid,GrainVault.Runtime.Tests.Calls.Leaf[]>"));
    }

    [Theory]
    [InlineData("System.IO.FileInfo")]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process")]
    [InlineData("System.Collections.Generic.List`1<System.IO.FileInfo>")]
    [InlineData("System.Collections.Generic.List`1<System.Int32")]
    [InlineData("System.Collections.Generic.List`1")]
    [InlineData("System.Nullable`1<System.String>")]
    [InlineData("System.Int32[][][][][][][][][][][][]")]
    [InlineData("test.wire.Shape")]
    [InlineData("System.Object")]
    [InlineData("")]
    public void Name_of_a_type_that_may_not_cross_makes_nothing(string name)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new Orleans.Serialization.Wire.WireWriter(bytes);
        writer.TypeOf(0, System.Text.Encoding.UTF8.GetBytes(name));
        writer.Begin(0);
        writer.End();
        writer.Flush();
        Assert.ThrowsAny<SerializerException>(() => Orleans.Serialization.Wire.ResultCodec.Read<object>(bytes.WrittenMemory));
    }
}
