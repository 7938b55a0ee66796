using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Calls;

public sealed class CallTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public async Task Every_shape_of_method_gives_its_result()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        Assert.Equal(5, await grain.Add(2, 3));
        Assert.Equal(5, await grain.AddFast(2, 3));
        Assert.Equal(7, await grain.Later(7));
        await grain.Nothing();
        await grain.NothingFast();
        await grain.NothingLater();
    }

    [Fact]
    public async Task Overloads_are_told_apart() =>
        Assert.Equal(6, await silo.Grain<ICalculatorGrain>().Add([1L, 2L, 3L]));

    [Fact]
    public async Task Null_and_nullable_values_pass_both_ways()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        Assert.Null(await grain.MaybeNull(null));
        Assert.Equal("x", await grain.MaybeNull("x"));
        Assert.Null(await grain.Nullable(null));
        Assert.Equal(long.MinValue, await grain.Nullable(long.MinValue));
    }

    [Theory]
    [InlineData("u-1")]
    [InlineData("with/slash and space")]
    [InlineData("ключ-🔑")]
    public async Task Grain_knows_its_key(string key)
    {
        var grain = silo.Grain<ICalculatorGrain>(key);
        Assert.Equal(key, await grain.Key());
        Assert.Equal(key, grain.GetPrimaryKeyString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public void Empty_key_is_refused(string? key) =>
        Assert.ThrowsAny<ArgumentException>(() => silo.Grains.GetGrain<ICalculatorGrain>(key!));

    [Fact]
    public async Task Exception_keeps_its_type_and_message()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        var failure = await Assert.ThrowsAsync<CalculatorException>(() => grain.Fail("no"));
        Assert.Equal("no", failure.Message);
        var early = await Assert.ThrowsAsync<ArgumentException>(() => grain.FailAtOnce("never"));
        Assert.Equal("never", early.Message);
    }

    [Fact]
    public async Task Two_callers_of_one_failure_share_nothing()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        var first = await Assert.ThrowsAsync<InvalidOperationException>(grain.FailWithShared);
        first.Data["mine"] = "yes";
        var second = await Assert.ThrowsAsync<InvalidOperationException>(grain.FailWithShared);
        Assert.NotSame(first, second);
        Assert.False(second.Data.Contains("mine"));
        Assert.Equal("shared", second.Message);
    }

    [Fact]
    public async Task Grain_works_after_it_failed()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        await Assert.ThrowsAsync<CalculatorException>(() => grain.Fail("no"));
        Assert.Equal(3, await grain.Add(1, 2));
    }

    [Fact]
    public async Task Reference_passes_as_argument_and_result()
    {
        var grain = silo.Grain<ICalculatorGrain>();
        var other = silo.Grain<ICalculatorGrain>();
        Assert.Equal(3, await grain.AskOther(other, 1, 2));
        var self = await grain.Self();
        Assert.Equal(grain, self);
        Assert.Equal(grain.GetHashCode(), self.GetHashCode());
        Assert.Equal(await grain.Key(), await self.Key());
    }

    [Fact]
    public void References_are_equal_when_their_grains_are()
    {
        Assert.Equal(silo.Grain<ICalculatorGrain>("same"), silo.Grain<ICalculatorGrain>("same"));
        Assert.NotEqual(silo.Grain<ICalculatorGrain>("same"), silo.Grain<ICalculatorGrain>("other"));
        Assert.Equal(silo.Grain<ICalculatorGrain>("same").GetGrainId(), silo.Grain<ICalculatorGrain>("same").GetGrainId());
    }

    [Fact]
    public async Task Reference_is_made_by_type_and_by_id()
    {
        var byType = (ICalculatorGrain)silo.Grains.GetGrain(typeof(ICalculatorGrain), "typed");
        Assert.Equal("typed", await byType.Key());
        var byId = silo.Grains.GetGrain<ICalculatorGrain>(byType.GetGrainId());
        Assert.Equal("typed", await byId.Key());
        Assert.Equal("calculator/typed", byId.GetGrainId().ToString());
    }

    [Fact]
    public async Task Internal_interfaces_and_types_work()
    {
        var result = await silo.Grain<IInternalGrain>().Turn(new InternalRecord("a", [InternalStatus.On, InternalStatus.Off]));
        Assert.Equal([InternalStatus.Off, InternalStatus.On], result.States);
    }

    [Fact]
    public async Task Class_prefix_chooses_among_the_classes_of_an_interface()
    {
        var one = silo.Grains.GetGrain<IManyGrain>("m", "GrainVault.Runtime.Tests.Calls.ManyOne");
        var two = silo.Grains.GetGrain<IManyGrain>("m", "GrainVault.Runtime.Tests.Calls.ManyTwo");
        Assert.Equal("one", await one.Name());
        Assert.Equal("two", await two.Name());
        Assert.Throws<ArgumentException>(() => silo.Grains.GetGrain<IManyGrain>("m"));
    }

    [Fact]
    public void Interface_without_a_class_is_refused() =>
        Assert.Throws<ArgumentException>(() => silo.Grains.GetGrain<IOrphanGrain>("o"));

    [Fact]
    public async Task Many_calls_at_once_all_get_their_own_answer()
    {
        var grains = Enumerable.Range(0, 16).Select(_ => silo.Grain<ICalculatorGrain>()).ToArray();
        var answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(index => grains[index % grains.Length].Add(index, 1)));
        Assert.Equal(Enumerable.Range(1, 2000), answers);
    }
}
