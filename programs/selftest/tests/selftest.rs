use litesvm as _;
#[test] fn t(){ }
